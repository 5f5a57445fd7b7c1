// SPDX-License-Identifier: Apache-2.0

internal import TrafficAnalysis

/// The style sheet and the script of a page: constants, into which no input gets.
enum PageStyle {
  /// Colours of the page and of dimensions, for light and dark screens.
  static let sheet: String = {
    func colors(
      paper: RGB, ink: RGB, muted: RGB, rule: RGB, raised: RGB, link: RGB, error: RGB,
      warning: RGB, dimension: (ParallelismDimension) -> RGB
    ) -> String {
      """
      body{background:\(paper.hex);color:\(ink.hex)}
      a{color:\(link.hex)}
      .muted,footer,dt,caption,th{color:\(muted.hex)}
      nav,thead th,:target{background:\(raised.hex)}
      nav,figure,.scroll,td,th,.finding,section>h2{border-color:\(rule.hex)}
      .error{color:\(error.hex)}
      .warning{color:\(warning.hex)}

      """
        + ParallelismDimension.allCases.map {
          ".\($0.rawValue)::before{background:\(dimension($0).hex)}"
        }.joined(separator: "\n")
    }
    let light = colors(
      paper: Palette.lightPaper, ink: Palette.lightInk, muted: Palette.lightMuted,
      rule: Palette.lightRule, raised: RGB(0xF3F5F7), link: RGB(0x0A58B8), error: RGB(0xB42318),
      warning: RGB(0x8A5300), dimension: { Palette.look($0).light })
    let dark = colors(
      paper: Palette.darkPaper, ink: Palette.darkInk, muted: Palette.darkMuted,
      rule: Palette.darkRule, raised: RGB(0x161B22), link: RGB(0x6CB0FF), error: RGB(0xFF8A80),
      warning: RGB(0xF2B14A), dimension: { Palette.look($0).dark })
    return layout + light + "\n@media screen and (prefers-color-scheme: dark){\n" + dark + "\n}\n"
      + print
  }()

  private static let layout = """
    :root{color-scheme:light dark}
    *{box-sizing:border-box}
    body{margin:0 auto;max-width:78rem;padding:1.5rem 1.25rem 4rem;\
    font:15px/1.5 Inter,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
    h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem}
    section{margin-top:2.5rem;scroll-margin-top:3rem}
    section>h2{font-size:1.15rem;margin:0 0 .75rem;padding-bottom:.3rem;border-bottom:1px solid}
    section>p{max-width:52rem}
    dl.lead{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1rem;margin:0;max-width:60rem}
    dl.lead dd{margin:0}
    dl.words{columns:22rem;column-gap:2rem;margin:0}
    dl.words dt{font-weight:600;break-after:avoid}
    dl.words dd{margin:0 0 .5rem 1.25rem;break-inside:avoid}
    nav{position:sticky;top:0;z-index:2;display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;\
    margin:1.25rem 0 0;padding:.5rem .75rem;border:1px solid;border-radius:6px}
    nav a{text-decoration:none}
    ul{margin:0;padding-left:1.2rem;max-width:60rem}
    .finding{margin:.75rem 0 0;padding:.1rem 0 .1rem .9rem;border-left:3px solid;max-width:60rem}
    .finding p{margin:.15rem 0}
    .severity{font-weight:700;text-transform:uppercase;font-size:.8em;letter-spacing:.04em}
    code{font:.92em/1.4 ui-monospace,"DejaVu Sans Mono",Menlo,monospace}
    figure{margin:0 0 1.25rem;padding:.5rem;border:1px solid;border-radius:6px;overflow-x:auto}
    .pictures{display:grid;grid-template-columns:minmax(0,1fr)}
    figure svg{display:block;max-width:60rem;width:100%;min-width:640px;height:auto;margin:0 auto}
    .scroll{overflow:auto;max-height:34rem;border:1px solid;border-radius:6px}
    table{border-collapse:collapse;width:100%;font-size:.87em;overflow-wrap:normal}
    th,td{padding:.28rem .6rem;border-bottom:1px solid;text-align:left;vertical-align:top}
    td{white-space:nowrap}
    td.long{white-space:normal;min-width:18rem;max-width:32rem;overflow-wrap:anywhere}
    tr:last-child td{border-bottom:0}
    thead th{position:sticky;top:0;font-weight:600;white-space:nowrap;cursor:help;z-index:1}
    th.n,td.n{text-align:right;font-variant-numeric:tabular-nums}
    th button{all:unset;cursor:pointer;font:inherit}
    th button:focus-visible{outline:2px solid;outline-offset:2px}
    th[aria-sort=ascending] button::after{content:" \\2191"}
    th[aria-sort=descending] button::after{content:" \\2193"}
    tfoot td{font-weight:600;border-bottom:0}
    .dimension::before{content:"";display:inline-block;width:.7em;height:.7em;margin-right:.45em;\
    border-radius:2px}
    footer{margin-top:3rem;font-size:.87em}
    @media (max-width:480px){
    body{padding:1rem .75rem 3rem}
    h1{font-size:1.3rem}
    dl.lead{grid-template-columns:1fr;gap:0}
    dl.lead dd{margin-bottom:.5rem}
    nav{position:static}
    }

    """

  /// On paper nothing scrolls, and nothing that belongs together is torn apart.
  private static let print = """
    @page{size:landscape;margin:12mm}
    @media print{
    :root{color-scheme:light}
    body{max-width:none;padding:0;font-size:10pt}
    nav,.screen{display:none}
    .scroll{max-height:none;overflow:visible;border:0}
    table{font-size:7pt}
    th,td,td.long{padding:.1rem .25rem;white-space:normal;min-width:0;overflow-wrap:anywhere}
    thead th{position:static;white-space:normal}
    figure{overflow:visible;border:0;padding:0}
    figure svg{min-width:0;max-height:165mm}
    figure,tr,.finding{break-inside:avoid}
    section>h2{break-after:avoid}
    }

    """

  /// Makes the headers of tables sort them; without it every word and number is there all the same.
  static let script = """
    "use strict";
    for (const table of document.querySelectorAll("table.sorts")) {
      const heads = [...table.tHead.rows[0].cells];
      heads.forEach((head, column) => {
        const isNumber = head.classList.contains("n");
        const value = row => {
          const cell = row.cells[column];
          const text = cell.title || cell.textContent;
          if (!text) return null;
          return isNumber ? parseFloat(text.replaceAll(",", "")) : text;
        };
        const button = document.createElement("button");
        button.type = "button";
        button.append(...head.childNodes);
        head.append(button);
        button.addEventListener("click", () => {
          const was = head.getAttribute("aria-sort");
          const down = was ? was === "ascending" : isNumber;
          for (const other of heads) other.removeAttribute("aria-sort");
          head.setAttribute("aria-sort", down ? "descending" : "ascending");
          const body = table.tBodies[0];
          const rows = [...body.rows].map((row, place) => ({row, place, key: value(row)}));
          rows.sort((a, b) => {
            if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
            const order = isNumber ? a.key - b.key : a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
            return (down ? -order : order) || a.place - b.place;
          });
          body.append(...rows.map(one => one.row));
        });
      });
    }

    """
}
