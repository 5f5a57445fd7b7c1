// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import TrafficAnalysis
import TrafficReport

/// From one file to its report: three calls, and nothing is written or printed.
func report(on file: String) -> [ReportFile] {
  let facts = TraceReader.summarize(path: file)
  let summary = TrafficAnalyzer.analyze(facts)
  return ReportSet.render(summary)
}

/// From the files of all ranks to the bytes that each strategy put on the wire.
func wireBytes(ofJobIn files: [String]) -> [ParallelismDimension: UInt64] {
  var facts = TracePartial()
  for file in files { facts.merge(TraceReader.summarize(path: file)) }
  let summary = TrafficAnalyzer.analyze(facts)
  return summary.traffic.reduce(into: [:]) { $0[$1.dimension, default: 0] += $1.wireBytes }
}
