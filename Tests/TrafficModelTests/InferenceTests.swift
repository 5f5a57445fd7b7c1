// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing
import TrafficAnalysis

@testable import TrafficModel

/// The worked numbers of vLLM 0.8.5's call sequence: 128 prompt and 128 output tokens, batch 1,
/// bfloat16.
@Suite struct InferenceTests {
  struct Tensor: Sendable {
    var model: ModelConfiguration
    var prefill: UInt64
    var decode: UInt64
    var prefillBytes: UInt64
    var decodeBytes: UInt64
    var logits: UInt64
    var payload: UInt64
    /// Bytes that each rank puts on the wire, in MB as printed.
    var wireMegabytes: Double
  }

  static let tensorCases = [
    Tensor(
      model: Scenarios.llama3B, prefill: 57, decode: 7239, prefillBytes: 786_432,
      decodeBytes: 6144, logits: 32064, payload: 89_303_040, wireMegabytes: 133.95),
    Tensor(
      model: Scenarios.llama8B, prefill: 65, decode: 8255, prefillBytes: 1_048_576,
      decodeBytes: 8192, logits: 32064, payload: 135_782_400, wireMegabytes: 203.67),
    Tensor(
      model: Scenarios.llama13B, prefill: 81, decode: 10287, prefillBytes: 1_310_720,
      decodeBytes: 10240, logits: 8000, payload: 211_507_200, wireMegabytes: 317.26),
  ]

  @Test(arguments: tensorCases)
  func tensorParallelInferenceMakesTwoAllReducesPerLayerAndOneMore(_ known: Tensor) throws {
    let traffic = try Scenarios.inference(Scenarios.job(known.model, tensor: 4))
    let prefill = try #require(traffic.select(.tp, .prefill, "all_reduce").first)
    let decode = try #require(traffic.select(.tp, .decode, "all_reduce").first)
    #expect(prefill.operations == known.prefill)
    #expect(decode.operations == known.decode)
    #expect(prefill.messageBytes == known.prefillBytes)
    #expect(decode.messageBytes == known.decodeBytes)
    #expect(prefill.elementCount == UInt64(128 * known.model.hiddenSize))
    #expect(prefill.rankCalls == 4 * known.prefill)
    #expect(prefill.communicators == 1 && prefill.communicatorSize == 4)
    // V_AR is a rank's payload; W_AR is 2 (t-1)/t of it.
    let reduced = traffic.select(.tp, nil, "all_reduce")
    #expect(reduced.payload == 4 * known.payload)
    #expect(reduced.wire == 4 * known.payload * 3 / 2)
    #expect(abs(Double(reduced.wire) / 4 / 1e6 - known.wireMegabytes) <= 0.0051)
    #expect(
      traffic.ranks.map(\.calls)
        == Array(repeating: prefill.operations + decode.operations + 128, count: 4))
    let logits = traffic.select(.tp, nil, "all_gather")
    #expect(logits.map(\.operations) == [1, 127])
    #expect(logits.allSatisfy { $0.elementCount == known.logits })
    #expect(logits.payload == 4 * 128 * known.logits * 2)
    #expect(traffic.rows.count == 4)
  }

  @Test(arguments: tensorCases)
  func bothEnginesSendTheSameLogitsAndReceiveThemElsewhere(_ known: Tensor) throws {
    var assumptions = TrafficAssumptions()
    assumptions.logits = .gather
    let job = Scenarios.job(known.model, tensor: 4)
    let first = try Scenarios.inference(job, assumptions: assumptions).select(.tp, nil, "gather")
    let second = try Scenarios.inference(job).select(.tp, nil, "all_gather")
    // V_logit = Sd v/t b is sent by each rank; the root receives t - 1 of them, or all ranks do.
    let sent = 128 * known.logits * 2
    #expect(first.map(\.elementCount) == [known.logits, known.logits])
    #expect(second.map(\.elementCount) == [known.logits, known.logits])
    #expect(first.payload == 4 * sent && second.payload == 4 * sent)
    #expect(first.wire == 3 * sent && second.wire == 4 * 3 * sent)
  }

  @Test func theFirstEngineGathersLogitsAtOneRank() throws {
    var assumptions = TrafficAssumptions()
    assumptions.logits = .gather
    let traffic = try Scenarios.inference(
      Scenarios.job(Scenarios.llama8B, tensor: 4), assumptions: assumptions)
    let rows = traffic.select(.tp, nil, "gather")
    #expect(rows.map(\.operations) == [1, 127])
    // Three ranks send 32064 elements each, 128 times.
    #expect(rows.wire == 3 * 128 * 32064 * 2)
    let root = traffic.ranks[0]
    let other = traffic.ranks[3]
    #expect(other.sentBytes - root.sentBytes == 128 * 32064 * 2)
    #expect(root.receivedBytes - other.receivedBytes == 3 * 128 * 32064 * 2)
  }

  struct Pipeline: Sendable {
    var model: ModelConfiguration
    var prefill: UInt64
    var decode: UInt64
    var perBoundary: UInt64
    var total: UInt64
  }

  @Test(arguments: [
    Pipeline(
      model: Scenarios.llama3B, prefill: 393_216, decode: 3072, perBoundary: 3_133_440,
      total: 9_400_320),
    Pipeline(
      model: Scenarios.llama8B, prefill: 524_288, decode: 4096, perBoundary: 4_177_920,
      total: 12_533_760),
    Pipeline(
      model: Scenarios.llama13B, prefill: 655_360, decode: 5120, perBoundary: 5_222_400,
      total: 15_667_200),
  ])
  func pipelineParallelInferenceSendsTwoTensorsPerBoundary(_ known: Pipeline) throws {
    let traffic = try Scenarios.inference(Scenarios.job(known.model, pipeline: 4))
    #expect(traffic.rows.count == 2)
    #expect(traffic.rows.map(\.operations) == [6, 762])
    #expect(traffic.rows.map(\.elementCount) == [known.prefill, known.decode])
    #expect(traffic.wireBytes == known.total)
    #expect(traffic.payloadBytes == known.total)
    #expect(traffic.rankCalls == 2 * 768)
    // The middle stages receive as much as they send; the ends do one of the two.
    #expect(traffic.ranks.map(\.sentBytes) == [1, 1, 1, 0].map { $0 * known.perBoundary })
    #expect(traffic.ranks.map(\.receivedBytes) == [0, 1, 1, 1].map { $0 * known.perBoundary })
    // Two sends per boundary and pass: the ends call 2 and 254 times, the middle twice as often.
    #expect(traffic.rows[0].callsByStage == [2, 4, 4, 2])
    #expect(traffic.rows[1].callsByStage == [254, 508, 508, 254])
  }

  struct Hybrid: Sendable {
    var model: ModelConfiguration
    var first: (UInt64, UInt64)
    var second: (UInt64, UInt64)
    var slice: (UInt64, UInt64)
    var logits: UInt64
  }

  @Test(arguments: [
    Hybrid(
      model: Scenarios.llama3B, first: (29, 3683), second: (28, 3556), slice: (196_608, 1536),
      logits: 64128),
    Hybrid(
      model: Scenarios.llama8B, first: (33, 4191), second: (32, 4064), slice: (262_144, 2048),
      logits: 64128),
    Hybrid(
      model: Scenarios.llama13B, first: (41, 5207), second: (40, 5080), slice: (327_680, 2560),
      logits: 16000),
  ])
  func hybridInferenceSlicesWhatStagesHandOver(_ known: Hybrid) throws {
    let traffic = try Scenarios.inference(
      Scenarios.job(known.model, tensor: 2, pipeline: 2) {
        $0.order = JobDescription.OrderPreset.vllm.axes
      })
    #expect(
      traffic.operations(.tp, .prefill, "all_reduce") == known.first.0 + known.second.0)
    #expect(traffic.operations(.tp, .decode, "all_reduce") == known.first.1 + known.second.1)
    #expect(traffic.select(.tp, .prefill, "all_reduce").map(\.communicators) == [2])
    // Stage by stage, as each rank makes them.
    #expect(
      traffic.select(.tp, .prefill, "all_reduce").map(\.callsByStage)
        == [[known.first.0, known.second.0]])
    #expect(
      traffic.select(.tp, .decode, "all_reduce").map(\.callsByStage)
        == [[known.first.1, known.second.1]])
    let sends = traffic.select(.pp)
    #expect(sends.map(\.elementCount) == [known.slice.0, known.slice.1])
    // Two tensor ranks with 2 and 254 sends each.
    #expect(sends.map(\.operations) == [4, 508])
    let gathers = traffic.select(.tp, nil, "all_gather")
    let slices = gathers.filter {
      $0.elementCount == known.slice.0 || $0.elementCount == known.slice.1
    }
    #expect(slices.map(\.operations) == [2, 254])
    #expect(slices.map(\.callsByStage) == [[0, 2], [0, 254]])
    #expect(slices.allSatisfy { $0.communicators == 1 })
    let logits = gathers.filter { $0.elementCount == known.logits }
    #expect(logits.map(\.operations) == [1, 127])
    // V_AR of a stage, V_P2P and V_AG of a rank.
    let hidden = UInt64(known.model.hiddenSize)
    #expect(
      traffic.select(.tp, nil, "all_reduce").payload
        == 2 * (known.first.0 + known.second.0) * hidden * 2 * 255)
    #expect(sends.payload == 2 * hidden * 2 * 255)
    #expect(slices.wire == 2 * (2 * hidden * 2 * 255) / 2)
  }

  @Test func tensorParallelMovesElevenTimesWhatPipelineParallelDoes() throws {
    let tensor = try Scenarios.inference(Scenarios.job(Scenarios.llama8B, tensor: 4))
    let pipeline = try Scenarios.inference(Scenarios.job(Scenarios.llama8B, pipeline: 4))
    let payload = tensor.select(.tp, nil, "all_reduce").payload / 4
    #expect(payload == 135_782_400)
    #expect(pipeline.payloadBytes == 12_533_760)
    #expect(payload * 10 / pipeline.payloadBytes == 108)
    // Both grow with the tokens that go through the stack, whatever they are.
    let long = Scenarios.job(Scenarios.llama8B, tensor: 4)
    let longer = try Scenarios.inference(long, prompt: 1000, output: 25)
    let piped = try Scenarios.inference(
      Scenarios.job(Scenarios.llama8B, pipeline: 4), prompt: 1000, output: 25)
    #expect(longer.select(.tp, nil, "all_reduce").payload * 255 == 4 * payload * 1024)
    #expect(piped.payloadBytes * 255 == pipeline.payloadBytes * 1024)
  }

  @Test func aReplicaServesItsShareOfTheBatch() throws {
    let one = try Scenarios.inference(Scenarios.job(Scenarios.llama8B, tensor: 2), batch: 4)
    let two = try Scenarios.inference(
      Scenarios.job(Scenarios.llama8B, tensor: 2, data: 2), batch: 8)
    #expect(two.wireBytes == 2 * one.wireBytes)
    #expect(two.rows.map(\.elementCount) == one.rows.map(\.elementCount))
    #expect(two.rows.allSatisfy { $0.communicators == 2 })
  }

  @Test func sequenceParallelInferenceMovesTheSameBytes() throws {
    let plain = try Scenarios.inference(Scenarios.job(Scenarios.llama8B, tensor: 4))
    let split = try Scenarios.inference(
      Scenarios.job(Scenarios.llama8B, tensor: 4) { $0.parallelism.sequenceParallel = true })
    #expect(split.wireBytes == plain.wireBytes)
    // One token cannot be split over four ranks.
    #expect(split.operations(.tp, .decode, "all_reduce") == 8255)
    #expect(split.operations(.sp, .prefill) == 130)
  }

  @Test func leftOverLayersGoToTheStagesBeforeTheLast() {
    #expect(StageLayout.inferenceRuns(layers: 61, stages: 4) == [15, 15, 16, 15])
    #expect(StageLayout.inferenceRuns(layers: 7, stages: 4) == [2, 2, 2, 1])
    #expect(StageLayout.inferenceRuns(layers: 8, stages: 4) == [2, 2, 2, 2])
  }
}
