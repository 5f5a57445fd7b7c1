// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import TrafficAnalysis
import TrafficModel

@testable import TrafficReport

/// Limit studies and what-ifs of the sample jobs.
enum SampleLimits {
  private static func model() -> ModelConfiguration {
    var model = ModelConfiguration(
      hiddenSize: 4096, layers: 32, attentionHeads: 32, headDimension: 128,
      intermediateSize: 14336, vocabularySize: 128_256)
    model.keyValueHeads = 8
    model.modelType = "llama"
    model.architecture = "LlamaForCausalLM"
    model.tiedEmbeddings = false
    model.dataType = "bfloat16"
    model.activationBytes = 2
    return model
  }

  private static func machine(_ name: String) throws -> HardwareDescription {
    try HardwareDescription.load(name)
  }

  /// A machine whose name wants to be markup, an escape sequence and a formula.
  private static func hostileMachine() throws -> HardwareDescription {
    var hardware = try machine("DGX-A100")
    hardware.name = "<b>\u{1B}[31m=cmd & \"x\"\u{202E}" + String(repeating: " long", count: 40)
    return hardware
  }

  private static func study(
    _ machines: [HardwareDescription], tensor: Int, batches: [Int], contexts: [Int]
  ) throws -> LimitStudy {
    var sizes = JobDescription.Parallelism()
    sizes.tensor = tensor
    let models = try machines.map { machine in
      try LimitModel(model(), on: machine, parallelism: sizes)
    }
    return LimitStudy(
      title: LimitText.title(model(), models), models, batches: batches, contexts: contexts)
  }

  /// All studies with their names.
  static func studies() throws -> [(name: String, study: LimitStudy)] {
    [
      (
        "machines",
        try study(
          ["DGX-H100", "DGX-B200", "MI300X", "xPU-HBM3"].map(machine), tensor: 8,
          batches: [1, 64, 4096], contexts: [4096])
      ),
      (
        "sweep",
        try study(
          [machine("DGX-H100")], tensor: 8, batches: Array(1...50), contexts: [128, 4096, 131_072])
      ),
      (
        "hostile-names",
        try study(
          [hostileMachine(), machine("xPU-SRAM")], tensor: 4, batches: [1], contexts: [1])
      ),
      ("nothing", try study([machine("DGX-H100")], tensor: 1, batches: [], contexts: [])),
    ]
  }

  /// All what-ifs with their names.
  static func whatIfs() throws -> [(name: String, whatIf: WhatIf)] {
    let machines = try ["DGX-H100", "DGX-A100", "GB200-NVL72", "PFA"].map(machine)
    return [
      (
        "strategies",
        try WhatIf(
          [
            ReplayedTraffic(label: "inference", SampleJob.inference.summary()),
            ReplayedTraffic(label: "every dimension", SampleJob.everyDimension.summary()),
          ], on: machines)
      ),
      (
        "four-nodes",
        try WhatIf(
          [ReplayedTraffic(label: "four nodes", SampleJob.fourNodes.summary())], on: machines)
      ),
      (
        "hostile-names",
        try WhatIf(
          [ReplayedTraffic(label: "@SUM(1)|'\u{202E}", SampleJob.hostile())],
          on: [hostileMachine(), machine("DGX-H100")])
      ),
      (
        "nothing",
        try WhatIf(
          [ReplayedTraffic(label: "nothing", TrafficSummary())], on: [machine("DGX-H100")])
      ),
    ]
  }

  /// A fit of each kind.
  static let fits: [LatencyFit] = LatencyFit.fits(
    [1_000, 100_000, 10_000_000].map { bytes in
      BandwidthRow(
        source: "nccl_tests", collective: "all_reduce", dataType: "float", messageBytes: bytes,
        ranks: 8, nanoseconds: 14_000 + Int64(bytes / 100))
    })

  /// The figures, for the checks of all figures.
  static let figures: [(name: String, bytes: [UInt8])] = {
    let studies = (try? Self.studies()) ?? []
    let whatIfs = (try? Self.whatIfs()) ?? []
    return studies.map { ("limits-\($0.name)/limits.svg", LimitFigure.svg($0.study)) }
      + whatIfs.map { ("whatif-\($0.name)/whatif.svg", WhatIfFigure.svg($0.whatIf)) }
  }()
}
