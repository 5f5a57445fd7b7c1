// SPDX-License-Identifier: Apache-2.0

public import CollectiveTrace

/// Turns the facts of all files into classified traffic.
///
/// The result depends on the facts alone, not on the order of files or processes.
public enum TrafficAnalyzer {
  /// Analyses a partial.
  ///
  /// - Parameters:
  ///   - partial: The facts of all files.
  ///   - job: What a person says about the job; decides labels and global ranks where it applies.
  ///   - model: The model, unless the job describes it.
  ///   - machines: What the nodes are like, one description for each kind of node.
  /// - Returns: Rows, findings and coverage, sorted as ``TrafficSummary`` says.
  /// - Complexity: O(*n* log *n*) in communicator views and rows of calls.
  public static func analyze(
    _ partial: TracePartial, job: JobDescription? = nil, model: ModelConfiguration? = nil,
    machines: [MachineTopology] = []
  ) -> TrafficSummary {
    let layout = JobLayout(job)
    let table = ProcessTable(partial)
    var endpoints = Endpoints(table)
    let communicators = CommunicatorTable(&endpoints)
    let ranks = GlobalRanks(endpoints, communicators, table, layout)
    var assembly = SummaryAssembly(
      table, endpoints, communicators, ranks, layout,
      hiddenSize: (job?.model ?? model)?.hiddenSize, machines: machines)
    var summary = assembly.summary()
    summary.coverage.model = (job?.model ?? model).map(Self.description)
    return summary
  }

  private static func description(_ model: ModelConfiguration) -> String {
    let name = model.modelType ?? model.architecture
    return (name.map { "\($0): " } ?? "")
      + "\(model.layers) layers, hidden size \(model.hiddenSize), vocabulary \(model.vocabularySize)"
  }
}
