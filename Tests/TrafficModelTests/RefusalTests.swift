// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing

@testable import TrafficModel

/// What is missing or contradictory is named by its key path; nothing traps.
@Suite struct RefusalTests {
  private func keyPath(
    _ job: JobDescription, _ assumptions: TrafficAssumptions = TrafficAssumptions()
  ) -> String? {
    do throws(ConfigurationError) {
      _ = try TrafficModel.expect(job, assumptions: assumptions)
      return nil
    } catch {
      switch error {
      case .missingKey(_, let keyPath, _, _), .contradiction(_, let keyPath, _, _),
        .invalidValue(_, let keyPath, _, _):
        return keyPath
      default: return nil
      }
    }
  }

  private func job(
    kind: JobDescription.Workload.Kind = .inference, tensor: Int = 1, pipeline: Int = 1,
    data: Int = 1, _ change: (inout JobDescription) -> Void
  ) -> JobDescription {
    Scenarios.job(Scenarios.llama8B, tensor: tensor, pipeline: pipeline, data: data) {
      $0.workload = .init(kind: kind)
      change(&$0)
    }
  }

  @Test func inferenceNamesWhatIsMissing() {
    #expect(keyPath(job { $0.model = nil }) == "model")
    #expect(keyPath(job { $0.workload = nil }) == "workload")
    #expect(keyPath(job { $0.model?.dataType = nil }) == "model.torch_dtype")
    #expect(keyPath(job { _ in }) == "workload.prompt_tokens")
    #expect(keyPath(job { $0.workload?.promptTokens = 1 }) == "workload.output_tokens")
    #expect(
      keyPath(
        job {
          $0.workload?.promptTokens = 1
          $0.workload?.decodeSteps = 0
        }) == "workload.batch")
    #expect(
      keyPath(
        job(data: 2) {
          $0.workload?.promptTokens = 1
          $0.workload?.decodeSteps = 0
          $0.workload?.batch = 3
        }) == "workload.batch")
  }

  @Test func trainingNamesWhatIsMissing() {
    #expect(keyPath(job(kind: .training, tensor: 2) { _ in }) == "workload.sequence_length")
    #expect(
      keyPath(job(kind: .training, tensor: 2) { $0.workload?.sequenceLength = 8 })
        == "workload.micro_batch_size")
    #expect(
      keyPath(
        job(kind: .training, pipeline: 2) {
          $0.workload?.sequenceLength = 8
          $0.workload?.microBatchSize = 1
        }) == "workload.micro_batches")
    #expect(
      keyPath(job(kind: .training, data: 2) { $0.model?.tiedEmbeddings = nil })
        == "model.tie_word_embeddings")
    #expect(
      keyPath(
        job(kind: .training, tensor: 2) {
          $0.parallelism.sequenceParallel = true
          $0.workload?.sequenceLength = 7
        }) == "workload.sequence_length")
    #expect(
      keyPath(job(kind: .training, pipeline: 2) { $0.model?.layers = 31 })
        == "parallelism.pipeline")
    #expect(keyPath(job(kind: .training) { $0.worldSize = 3 }) == "parallelism")
  }

  @Test func aModelOutsideItsLimitsIsRefused() {
    #expect(keyPath(job(kind: .training) { $0.model?.layers = 0 }) == "model")
    #expect(keyPath(job { $0.model?.hiddenSize = -1 }) == "model")
    #expect(keyPath(job { $0.model?.vocabularySize = .max }) == "model")
  }

  @Test func assumptionsAreChecked() {
    var assumptions = TrafficAssumptions()
    assumptions.virtualStages = 0
    #expect(keyPath(job { _ in }, assumptions) == "virtual-stages")
    assumptions.virtualStages = 2
    #expect(keyPath(job(kind: .training) { _ in }, assumptions) == "virtual-stages")
    assumptions.virtualStages = 1
    assumptions.bucketElements = .min
    #expect(keyPath(job { _ in }, assumptions) == "bucket-elements")
  }

  @Test func theLargestSizesGiveTheLargestNumberAndNoTrap() throws {
    var model = Scenarios.deepSeek
    model.hiddenSize = ModelConfiguration.maximumWidth
    model.vocabularySize = ModelConfiguration.maximumWidth
    model.intermediateSize = ModelConfiguration.maximumWidth
    model.layers = ModelConfiguration.maximumCount
    model.attentionHeads = ModelConfiguration.maximumCount
    model.experts?.experts = ModelConfiguration.maximumCount
    model.experts?.expertLayers = ModelConfiguration.maximumCount - 3
    for kind in JobDescription.Workload.Kind.allCases {
      for sharding in JobDescription.Sharding.Kind.allCases {
        for dispatch in TrafficAssumptions.ExpertDispatch.allCases {
          let job = Scenarios.job(
            model, tensor: 4, pipeline: 4, data: 8, context: 2, expert: 16
          ) {
            $0.parallelism.sequenceParallel = true
            $0.parallelism.sharding = .init(kind: sharding, shard: 4, replicate: 2)
            var workload = JobDescription.Workload(kind: kind)
            workload.batch = 1 << 40
            workload.promptTokens = 1 << 40
            workload.decodeSteps = 1 << 40
            workload.steps = 1 << 40
            workload.microBatches = 1 << 30
            workload.microBatchSize = 1 << 40
            workload.sequenceLength = 1 << 40
            workload.recompute = .full
            $0.workload = workload
          }
          var assumptions = TrafficAssumptions()
          assumptions.expertDispatch = dispatch
          assumptions.capacityPercent = 1_000_000
          assumptions.bucketElements = 1
          let traffic = try TrafficModel.expect(job, assumptions: assumptions)
          #expect(traffic.wireBytes == .max)
          #expect(traffic.ranks.count == 256)
        }
      }
    }
  }

  @Test func oneRankHasNothingToSay() throws {
    let traffic = try Scenarios.inference(Scenarios.job(Scenarios.llama8B))
    #expect(traffic.rows.isEmpty)
    #expect(try Scenarios.training(Scenarios.job(Scenarios.llama8B)).rows.isEmpty)
    #expect(traffic.ranks.map(\.sentBytes) == [0])
  }
}
