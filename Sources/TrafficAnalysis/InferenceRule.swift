// SPDX-License-Identifier: Apache-2.0

/// The rules by which a communicator is given a strategy, each with its kind of evidence.
///
/// No rule looks at how ranks are numbered: a launcher may number them in any order. What a rule
/// finds is a ``Claim``; ``Claims`` weighs them.
enum InferenceRule: String, CaseIterable {
  case jobNamesIt = "job-names-it"
  case jobHasGroup = "job-has-group"
  case frameworkNamesIt = "framework-names-it"
  case unevenExchange = "uneven-exchange"
  case evenExchange = "even-exchange"
  case ring
  case line
  case firstStageSendsFirst = "first-stage-sends-first"
  case firstStageRunsAhead = "first-stage-runs-ahead"
  case pairExchange = "pair-exchange"
  case handedOver = "handed-over"
  case alternation
  case gathersFirst = "gathers-first"
  case gathersTwice = "gathers-twice"
  case parametersInOtherType = "parameters-in-other-type"
  case scatterThenGather = "scatter-then-gather"
  case shardReducedAgain = "shard-reduced-again"
  case steadyReductions = "steady-reductions"
  case repeatedReductions = "repeated-reductions"
  case waitedForReductions = "waited-for-reductions"
  case gradientBuckets = "gradient-buckets"
  case equalBuckets = "equal-buckets"
  case rootedGradients = "rooted-gradients"
  case expertReplicas = "expert-replicas"
  case expertReplicasBySize = "expert-replicas-by-size"
  case pipelineEnds = "pipeline-ends"
  case tiedTensor = "tied-tensor"
  case allRanks = "all-ranks"
  case modelBlock = "model-block"
  case modelBlockBySize = "model-block-by-size"
  case siblings
  case likeness

  /// How much a claim weighs.
  enum Strength: Int {
    /// Speaks for a strategy; alone it makes a weak label.
    case suggests = 1
    /// Seen with one strategy only; alone it makes a strong label.
    case decides = 2
    /// Is not weighed: a person or the framework said it.
    case states = 3
  }

  /// Where the evidence comes from.
  var kind: Evidence.Kind { row.kind }
  /// How much it weighs.
  var strength: Strength { row.strength }
  /// What it speaks for.
  var speaksFor: String { row.speaksFor }
  /// What it looks at, for the documentation.
  var looksAt: String { row.looksAt }

  private typealias Row = (
    kind: Evidence.Kind, strength: Strength, speaksFor: String, looksAt: String
  )

  private var row: Row {
    switch self {
    case .jobNamesIt:
      (.declared, .states, "any", "the job description names the communicator or lists its ranks")
    case .jobHasGroup:
      (
        .declared, .states, "any",
        "the ranks are a group of the described grid; operations choose among equal groups"
      )
    case .frameworkNamesIt:
      (.named, .states, "any", "the name that the framework gave the communicator")
    case .unevenExchange:
      (
        .behaviour, .decides, "ep",
        "all-to-all of floating-point numbers with parts of different size"
      )
    case .evenExchange:
      (.behaviour, .suggests, "ep", "all-to-all of floating-point numbers with equal parts")
    case .ring:
      (
        .behaviour, .decides, "cp",
        "every rank sends to one other and receives from another, and the sends close one circle"
      )
    case .line:
      (
        .behaviour, .decides, "pp",
        "ranks pass messages along lines whose ends do not meet, or in one direction only"
      )
    case .firstStageSendsFirst:
      (
        .behaviour, .suggests, "pp",
        "one rank sends before it receives, all others receive before they send"
      )
    case .firstStageRunsAhead:
      (
        .behaviour, .decides, "pp",
        "the one rank that sends first sends again before anything comes back"
      )
    case .pairExchange:
      (.behaviour, .suggests, "cp", "both ranks of a pair send before they receive, equally often")
    case .handedOver:
      (
        .behaviour, .decides, "tp",
        "reduces, or gathers and scatters, what pipeline stages hand over: the same bytes"
      )
    case .alternation:
      (
        .behaviour, .decides, "tp",
        "gathers and scatters of equal half-precision pieces take turns from the start, five gathers or more to four scatters"
      )
    case .gathersFirst:
      (
        .behaviour, .decides, "fsdp",
        "several tensors of different size are gathered before the first gradient is scattered"
      )
    case .gathersTwice:
      (
        .behaviour, .suggests, "fsdp",
        "at least three gathers to two scatters of tensors with as many elements"
      )
    case .parametersInOtherType:
      (
        .behaviour, .suggests, "fsdp",
        "gathers come first, and what is scattered has as many elements in a wider type"
      )
    case .scatterThenGather:
      (
        .behaviour, .decides, "dp",
        "gradients are scattered first, then as many parameters gathered: a distributed optimizer"
      )
    case .shardReducedAgain:
      (
        .behaviour, .decides, "fsdp, dp",
        "one communicator reduce-scatters as many elements as another one of the rank all-reduces"
      )
    case .steadyReductions:
      (
        .behaviour, .decides, "tp",
        "many half-precision all-reduces of few sizes, below 1 MiB where the job serves, or of any size where other communicators carry gradients"
      )
    case .repeatedReductions:
      (
        .behaviour, .suggests, "tp",
        "many half-precision all-reduces of few sizes, and nothing else to compare them with"
      )
    case .waitedForReductions:
      (
        .behaviour, .suggests, "tp",
        "many half-precision all-reduces of few sizes that a trace shows with computation between them and none beside them"
      )
    case .gradientBuckets:
      (
        .behaviour, .decides, "dp",
        "all-reduces of 1 MiB and more in single precision, or of several sizes"
      )
    case .equalBuckets:
      (
        .behaviour, .suggests, "dp", "half-precision all-reduces of 1 MiB and more of one size"
      )
    case .rootedGradients:
      (.behaviour, .suggests, "dp", "reductions of 1 MiB and more to single ranks")
    case .expertReplicas:
      (
        .structure, .decides, "edp",
        "a group that carries gradients and has one rank of each of several expert groups, beside a group with more of one"
      )
    case .expertReplicasBySize:
      (
        .structure, .suggests, "edp",
        "a group that carries gradients, as many times smaller than the data-parallel group as an expert group has ranks, or across expert groups without a larger group beside it"
      )
    case .pipelineEnds:
      (.structure, .decides, "embedding", "two ranks of one pipeline all-reduce one tensor")
    case .tiedTensor:
      (
        .behaviour, .suggests, "embedding",
        "a pair all-reduces one tensor, while other groups of its ranks carry pipeline and gradients"
      )
    case .allRanks:
      (.structure, .decides, "world", "all ranks of the job, and only control messages")
    case .modelBlock:
      (
        .structure, .decides, "mp",
        "control messages among exactly the ranks of a tensor group times a pipeline"
      )
    case .modelBlockBySize:
      (
        .structure, .suggests, "mp",
        "control messages among as many ranks as a tensor group times a pipeline has"
      )
    case .siblings:
      (
        .structure, .decides, "any",
        "same size as labelled groups and one of their operations as its heaviest, no rank in common"
      )
    case .likeness:
      (
        .structure, .suggests, "any",
        "same size and same kinds of operations as labelled groups, no rank in common"
      )
    }
  }

  /// The table of all rules, in Markdown.
  static var table: String {
    var text = "| rule | evidence | strength | speaks for | looks at |\n"
    text += "| --- | --- | --- | --- | --- |\n"
    for rule in allCases {
      text += "| `\(rule.rawValue)` | \(rule.kind.rawValue) | \(rule.strength) "
      text += "| \(rule.speaksFor) | \(rule.looksAt) |\n"
    }
    return text
  }
}

/// What one rule found about one communicator.
struct Claim {
  /// The strategy it speaks for.
  var dimension: ParallelismDimension
  /// The rule.
  var rule: InferenceRule
  /// What was seen, for a person.
  var text: String

  /// Makes a claim.
  init(_ dimension: ParallelismDimension, _ rule: InferenceRule, _ text: String) {
    self.dimension = dimension
    self.rule = rule
    self.text = text
  }
}

/// All claims about one communicator.
struct Claims {
  /// In the order in which they were found.
  private(set) var all: [Claim] = []

  /// Adds a claim; a rule speaks once for a strategy.
  mutating func add(_ claim: Claim) {
    guard !all.contains(where: { $0.dimension == claim.dimension && $0.rule == claim.rule })
    else { return }
    all.append(claim)
  }

  /// Lets what speaks for one strategy speak for a special case of it.
  mutating func reinterpret(_ dimension: ParallelismDimension, as other: ParallelismDimension) {
    for place in all.indices where all[place].dimension == dimension {
      all[place].dimension = other
    }
  }

  /// Whether something speaks for a strategy.
  func speak(for dimension: ParallelismDimension) -> Bool {
    all.contains { $0.dimension == dimension }
  }

  /// The label that weighs most.
  ///
  /// Two points more than for any other strategy make a strong label, one point a weak one, a draw
  /// none. What speaks against the label is shown with it.
  var label: DimensionLabel {
    var weights: [ParallelismDimension: Int] = [:]
    for claim in all { weights[claim.dimension, default: 0] += claim.rule.strength.rawValue }
    let sorted = weights.sorted { a, b in
      a.value == b.value ? a.key < b.key : a.value > b.value
    }
    guard let best = sorted.first else { return DimensionLabel() }
    let margin = best.value - (sorted.dropFirst().first?.value ?? 0)
    var label = DimensionLabel()
    guard margin > 0 else {
      label.evidence = all.map {
        Evidence($0.rule.kind, "\($0.dimension.rawValue)? \($0.text)")
      }
      return label
    }
    label.dimension = best.key
    label.confidence = margin >= InferenceRule.Strength.decides.rawValue ? .strong : .weak
    let own = all.filter { $0.dimension == best.key }
    label.evidence = own.map { Evidence($0.rule.kind, $0.text) }
    label.evidence += all.filter { $0.dimension != best.key }.map {
      Evidence($0.rule.kind, "against it, for \($0.dimension.rawValue): \($0.text)")
    }
    return label
  }
}
