// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Runs the recipes of the documentation as they stand on the page.
@Suite struct RecipeTests {
  /// What `traffic.csv` of the job says of tensor parallelism: 1,057 operations on four ranks in a
  /// ring, (65 x 262,144 + 975 x 8,192 + 4) x 6 and 16 x 256,512 x 3 bytes.
  private static let tensorBytes = "162471960"

  /// The article, and the environment that `make recipes` fills.
  private static let article = Fixture.root.appending(
    path: "Sources/TrafficReport/TrafficReport.docc/Recipes.md")
  private static let environment = Fixture.root.appending(path: ".build/recipes/bin")

  /// The blocks of one language below a heading.
  private static func blocks(_ language: String, below heading: String) throws -> [String] {
    let text = try String(contentsOf: article, encoding: .utf8)
    let sections = text.components(separatedBy: "\n## ")
    let section = try #require(sections.first { $0.hasPrefix(heading + "\n") })
    let blocks = DocumentationTests.blocks(language, in: section)
    try #require(!blocks.isEmpty)
    return blocks
  }

  /// A program of the environment, or of the machine.
  private static func tool(_ name: String) -> String? {
    ([environment.path()] + ["/usr/local/bin", "/usr/bin", "/bin"]).map { $0 + "/" + name }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private static func hasModule(_ name: String) -> Bool {
    guard let python = tool("python3"), let place = try? Scratch() else { return false }
    let run = try? CommandRun(shell: "'\(python)' -c 'import \(name)'", folder: place.folder)
    return run?.status == 0
  }

  /// A folder with the logs of one job, as the article describes it.
  private static func workplace(job: String = "vllm-tp4") throws -> Scratch {
    let scratch = try Scratch()
    try FileManager.default.copyItem(
      at: Fixture.root.appending(path: "traces/\(job)"), to: scratch.url("logs"))
    return scratch
  }

  private static func expectReport(_ folder: String, in place: Scratch) throws {
    let made = try String(contentsOf: place.url(folder + "/traffic.csv"), encoding: .utf8)
    let kept = Fixture.root.appending(path: "reports/vllm-tp4/traffic.csv")
    #expect(try made == String(contentsOf: kept, encoding: .utf8))
    #expect(try place.names(folder).contains("manifest.json"))
  }

  @Test(.enabled(if: tool("make") != nil, "make is not installed"))
  func makeBuildsTheReportOnceAndAgainWhenALogIsNewer() throws {
    let place = try Self.workplace()
    try place.write("Makefile", Self.blocks("make", below: "Make")[0] + "\n")
    let first = try CommandRun(shell: "make", folder: place.folder)
    #expect(first.status == 0, "\(first.errors)")
    try Self.expectReport("report", in: place)
    #expect(try CommandRun(shell: "make -q", folder: place.folder).status == 0)
    // The report comes out with the same bytes, and must all the same count as new.
    let again = "touch -d '1 hour ago' report/manifest.json && ! make -q && make && make -q"
    #expect(try CommandRun(shell: again, folder: place.folder).status == 0)
  }

  @Test(.enabled(if: tool("snakemake") != nil, "Snakemake is missing: see `make recipes`"))
  func snakemakeRunsTheStageOnce() throws {
    let place = try Self.workplace()
    try place.write("Snakefile", Self.blocks("python", below: "Snakemake")[0] + "\n")
    let snakemake = "HOME=\"$PWD\" '\(try #require(Self.tool("snakemake")))' --cores 1"
    let first = try CommandRun(shell: snakemake, folder: place.folder)
    #expect(first.status == 0, "\(first.errors)")
    try Self.expectReport("report", in: place)
    let again = try CommandRun(shell: snakemake, folder: place.folder)
    #expect(again.status == 0 && (again.output + again.errors).contains("Nothing to be done"))
  }

  @Test func theDependentJobOfSlurmAnalysesTheLogsOfTheFirst() throws {
    let place = try Self.workplace()
    try Self.putSlurm(into: place)
    let recipe = try Self.blocks("bash", below: "Slurm")[0]
    let run = try CommandRun(
      shell: "PATH=\"$PWD/bin:$PATH\"\n" + recipe, folder: place.folder)
    #expect(run.status == 0, "\(run.errors)")
    try Self.expectReport("report-4711", in: place)
    let asked = try String(contentsOf: place.url("asked"), encoding: .utf8)
    #expect(asked.contains("\n--dependency=afterany:4711\n"))
  }

  @Test func theTasksOfAnArrayReadTheLogsInParts() throws {
    let place = try Self.workplace()
    try Self.putSlurm(into: place)
    let recipe = try Self.blocks("bash", below: "Slurm")[1]
    let run = try CommandRun(
      shell: "PATH=\"$PWD/bin:$PATH\"\n" + recipe, folder: place.folder)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try place.names("parts").count == 64)
    try Self.expectReport("report-4711", in: place)
    let asked = try String(contentsOf: place.url("asked"), encoding: .utf8)
    #expect(asked.contains("\n--dependency=afterok:4711\n"))
  }

  /// Stands in for Slurm: names the job, notes what it is asked, and runs what is wrapped.
  private static func putSlurm(into place: Scratch) throws {
    let program = try place.write(
      "bin/sbatch",
      """
      #!/usr/bin/env bash
      set -euo pipefail
      printf '%s\n' "$@" >> asked
      first='' last=''
      for word; do
        case $word in
          --parsable) echo 4711 ;;
          --array=*) first=${word#*=} last=${first#*-} first=${first%-*} ;;
          --wrap) wrapped=yes ;;
        esac
      done
      [ -n "${wrapped:-}" ] || exit 0
      for task in $(seq "${first:-0}" "${last:-0}"); do
        SLURM_ARRAY_TASK_ID=$task bash -euo pipefail -c "${!#}" >&2
      done

      """)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
  }

  /// The scripts of the steps, as Actions would run them.
  private static func steps() throws -> [String] {
    let lines = try blocks("yaml", below: "GitHub Actions")[0].split(separator: "\n")
    let scripts = lines.split { $0.hasPrefix("- name:") }.map { step in
      step.filter { $0.hasPrefix("    ") }.map { String($0.dropFirst(4)) }.joined(separator: "\n")
    }
    try #require(scripts.count == 2 && scripts.allSatisfy { !$0.isEmpty })
    return scripts.map { "export GITHUB_STEP_SUMMARY=\"$PWD/summary.md\"\n" + $0 }
  }

  @Test func theStepsOfActionsWriteTheSummaryAndLetAnEqualRunPass() throws {
    let place = try Self.workplace()
    try FileManager.default.copyItem(
      at: Fixture.root.appending(path: "reports/vllm-tp4"), to: place.url("baseline"))
    for step in try Self.steps() {
      let run = try CommandRun(shell: step, folder: place.folder)
      #expect(run.status == 0 && run.output.isEmpty, "\(run.errors)")
    }
    let summary = try String(contentsOf: place.url("summary.md"), encoding: .utf8)
    #expect(summary.contains("TP 4") && summary.contains("| tp |"))
    #expect(summary.contains("baseline"))
  }

  @Test func theGateOfActionsStopsARunThatMovesMore() throws {
    let place = try Self.workplace(job: "llama-8b-tp4")
    try FileManager.default.copyItem(
      at: Fixture.root.appending(path: "reports/llama-8b-tp2-pp2"), to: place.url("baseline"))
    let runs = try Self.steps().map { try CommandRun(shell: $0, folder: place.folder) }
    #expect(runs.map(\.status) == [0, 1])
    #expect(runs[1].errors.contains("tp.bytes>+5%"))
  }

  @Test(arguments: ["pandas", "Polars", "DuckDB"])
  func theTablesAreReadBy(library: String) throws {
    let module = library.lowercased()
    let python = try #require(Self.tool("python3"))
    guard Self.hasModule(module) else {
      // No failure: the environment is optional.
      try Test.cancel("\(library) is missing: see `make recipes`")
    }
    let place = try Self.workplace()
    #expect(
      try CommandRun(shell: "commlens analyze -q logs -o report", folder: place.folder).status == 0)
    for (index, block) in try Self.blocks("python", below: library).enumerated() {
      try place.write("recipe.py", block + "\n")
      let run = try CommandRun(shell: "'\(python)' recipe.py", folder: place.folder)
      #expect(run.status == 0, "\(run.errors)")
      // The last one of DuckDB tells phases apart: 65 x 262,144 x 6 + 256,512 x 3 in prefill.
      let expected = library == "DuckDB" && index == 1 ? "103005696" : Self.tensorBytes
      #expect(run.output.contains(expected), "\(run.output)")
    }
  }

  @Test(.enabled(if: tool("shellcheck") != nil, "shellcheck is not installed"))
  func shellcheckHasNothingToSay() throws {
    let place = try Self.workplace()
    for (index, script) in try (Self.blocks("bash", below: "Slurm") + Self.steps()).enumerated() {
      try place.write("recipe\(index).sh", "#!/usr/bin/env bash\nset -euo pipefail\n\(script)\n")
    }
    let ci = Fixture.root.appending(path: ".ci/run").path()
    let run = try CommandRun(shell: "shellcheck recipe*.sh '\(ci)'", folder: place.folder)
    #expect(run.status == 0, "\(run.output)")
  }
}
