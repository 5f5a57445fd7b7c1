// SPDX-License-Identifier: Apache-2.0

import CollectiveTrace
import Testing
import TrafficAnalysis

@testable import TrafficModel

/// Numbers printed in arXiv 2507.14397 (LIMINAL), and what follows from its equations.
@Suite struct PassLimitsTests {
  static let llama405B = Scenarios.llama(
    hidden: 16384, layers: 126, heads: 128, keyValueHeads: 8, width: 53248, vocabulary: 128256)

  /// The paper's inputs: 405e9 weights and caches of one byte.
  static var nominal: LimitOptions {
    var options = LimitOptions()
    options.weightBits = 8
    options.cacheBits = 8
    options.parameters = 405e9
    return options
  }

  static func tensor(_ ranks: Int, pipeline: Int = 1, data: Int = 1, expert: Int = 1)
    -> JobDescription.Parallelism
  {
    var sizes = JobDescription.Parallelism()
    sizes.tensor = ranks
    sizes.pipeline = pipeline
    sizes.data = data
    sizes.expert = expert
    return sizes
  }

  static func limits(
    _ model: ModelConfiguration, _ hardware: String, _ sizes: JobDescription.Parallelism,
    _ options: LimitOptions = LimitOptions()
  ) throws -> LimitModel {
    try LimitModel(
      model, on: HardwareDescription.load(hardware), parallelism: sizes, options: options)
  }

  struct Printed: Sendable {
    var ranks: Int
    var context: Int
    var rate: Int
  }

  @Test(arguments: [
    Printed(ranks: 8, context: 4096, rate: 86), Printed(ranks: 8, context: 131_072, rate: 80),
    Printed(ranks: 32, context: 4096, rate: 290), Printed(ranks: 32, context: 131_072, rate: 271),
    Printed(ranks: 128, context: 4096, rate: 776), Printed(ranks: 128, context: 131_072, rate: 743),
  ])
  func userRatesAreThoseOfThePaper(_ printed: Printed) throws {
    let limits = try Self.limits(
      Self.llama405B, "xPU-HBM3", Self.tensor(printed.ranks), Self.nominal)
    let pass = limits.pass(.decode, batch: 1, context: printed.context)
    #expect(Int(pass.userRate.rounded()) == printed.rate)
    #expect(pass.systemRate == pass.userRate)
    #expect(pass.bound == .memory)
  }

  @Test func thirtyTwoUsersAt64KNeed881GiB() throws {
    let limits = try Self.limits(Self.llama405B, "xPU-HBM3", Self.tensor(8), Self.nominal)
    let pass = limits.pass(.decode, batch: 32, context: 65_536)
    #expect(((pass.weightBytes + pass.cacheBytes) / 1_073_741_824).rounded() == 881)
    // 8 accelerators have 768 GiB.
    #expect(pass.fits == false)
    #expect(pass.bound == .capacity)
    #expect(limits.pass(.decode, batch: 16, context: 65_536).fits == true)
  }

  @Test func computeIsFarBelowMemoryForOneUser() throws {
    let limits = try Self.limits(Self.llama405B, "xPU-HBM3", Self.tensor(8), Self.nominal)
    let pass = limits.pass(.decode, batch: 1, context: 4096)
    // 2 x 405e9 / (8 x 2.25e15) = 0.045 ms, beside 11.5 ms.
    let weights = pass.weightOperations / (8 * 2.25e15)
    #expect((weights * 1000 - 0.045).magnitude < 0.0005)
    #expect((pass.memorySeconds * 1000 - 11.5).magnitude < 0.05)
    // Scores and values over the cache: 4 x 126 x 128 x 128 x 4096 operations more.
    #expect(pass.operations - pass.weightOperations == 33_822_867_456)
  }

  @Test func countedWeightsAreThoseOfTheModel() throws {
    var options = Self.nominal
    options.parameters = nil
    let counted = try Self.limits(Self.llama405B, "xPU-HBM3", Self.tensor(8), options)
    // Llama 3.1 405B has 405,853,388,800 parameters (its model card: 405B).
    #expect(counted.demand.parameters == 405_853_388_800)
    // A pass reads one row of the input embedding, not its 128256 x 16384 weights.
    let pass = counted.pass(.decode, batch: 1, context: 4096)
    #expect(pass.readBytes == 405_853_388_800 - 2_101_346_304 + 258_048 * 4096)
  }

  @Test func tokensTouchTheirExpertsOnly() throws {
    let limits = try Self.limits(Scenarios.mixtral, "DGX-H100", Self.tensor(8))
    // 8 experts, 2 to a token, 3 matrices of 4096 x 14336 in 32 layers, 2 bytes.
    let experts = 8.0 * 3 * 4096 * 14336 * 32 * 2
    let one = limits.pass(.decode, batch: 1, context: 1)
    let many = limits.pass(.decode, batch: 1000, context: 1)
    let cache = 2.0 * 8 * 128 * 32 * 2
    #expect((many.readBytes - one.readBytes - 999 * cache) / experts > 0.7499)
    #expect((many.readBytes - one.readBytes - 999 * cache) / experts < 0.7501)
  }

  @Test func pipelineStagesKeepTheTimeOfATokenAndMultiplyTheCapacity() throws {
    var options = LimitOptions()
    options.synchronisation = 1e-6
    let one = try Self.limits(Scenarios.llama8B, "DGX-H100", Self.tensor(1), options)
    let four = try Self.limits(Scenarios.llama8B, "DGX-H100", Self.tensor(1, pipeline: 4), options)
    let alone = one.pass(.decode, batch: 1, context: 1024)
    let staged = four.pass(.decode, batch: 4, context: 1024)
    #expect((staged.memorySeconds / alone.memorySeconds - 1).magnitude < 1e-12)
    #expect((staged.synchronisationSeconds - 3e-6).magnitude < 1e-15)
    #expect(staged.capacityBytes == 320e9)
    #expect(staged.systemRate > 3.99 * alone.systemRate)
  }

  @Test func replicasReadTheirOwnWeights() throws {
    let one = try Self.limits(Scenarios.llama8B, "DGX-H100", Self.tensor(4))
    let two = try Self.limits(Scenarios.llama8B, "DGX-H100", Self.tensor(4, data: 2))
    let alone = one.pass(.decode, batch: 8, context: 512)
    let both = two.pass(.decode, batch: 16, context: 512)
    #expect((both.seconds / alone.seconds - 1).magnitude < 1e-12)
    #expect(both.weightBytes == 2 * alone.weightBytes)
  }

  @Test func aPrefillPassComputesHalfTheSquareOfItsPrompt() throws {
    let limits = try Self.limits(Scenarios.llama8B, "DGX-H100", Self.tensor(1))
    let pass = limits.pass(.prefill, batch: 1, context: 2048)
    // 32 layers x 32 heads x 128 x 4 x 2048^2 / 2.
    #expect(pass.operations - pass.weightOperations == 1_099_511_627_776)
    #expect(pass.bound == .compute)
  }

  // MARK: - Layouts

  /// H100s, 4 to a node with one 400 Gbit/s port each, as in arXiv 2507.14392.
  private static func fourPerNode(latency: String) throws -> HardwareDescription {
    try HardwareDescription.parse(
      text: """
        version: 1
        name: 4xH100
        source: NVIDIA H100 data sheet; NCCL, src/graph/tuning.cc
        accelerator: {compute: {bf16: 989.4 TFLOP/s}, memory_bandwidth: 3.35 TB/s}
        scale_up: {accelerators: 4, bandwidth_per_direction: 450 GB/s, latency: 0.6 us}
        scale_out: {bandwidth_per_direction: 50 GB/s, latency: \(latency)}
        """, file: "4xh100.yaml")
  }

  @Test func ringsAcrossTwoNodesMakeTokensAnOrderOfMagnitudeSlower() throws {
    // 0.86 ms with TP4 in a node, 11.56 ms with TP8 over two: 13.4 times. A ring whose steps wait
    // for NCCL's 14 us of the network (Simple protocol) comes to the same order.
    var options = LimitOptions()
    options.algorithm = .ring
    let hardware = try Self.fourPerNode(latency: "14 us")
    func seconds(_ ranks: Int, _ options: LimitOptions) throws -> Double {
      try LimitModel(
        Scenarios.llama8B, on: hardware, parallelism: Self.tensor(ranks), options: options
      ).pass(.decode, batch: 1, context: 256).seconds
    }
    let ratio = try seconds(8, options) / seconds(4, options)
    #expect(ratio > 5 && ratio < 20, "\(ratio)")
    // Two levels cross the network twice instead of 14 times, and lose far less.
    #expect(try seconds(8, LimitOptions()) < 0.5 * seconds(8, options))
  }

  @Test func tensorParallelismFinishesShortPromptsSoonerAndPipelinesLongOnes() throws {
    // One GPU a node: all that tensor parallelism says goes over the network.
    let hardware = try HardwareDescription.parse(
      text: """
        version: 1
        name: 1xH100
        source: NVIDIA H100 data sheet; NCCL, src/graph/tuning.cc
        accelerator: {compute: {bf16: 989.4 TFLOP/s}, memory_bandwidth: 3.35 TB/s}
        scale_up: {accelerators: 1, bandwidth_per_direction: 450 GB/s, latency: 0.6 us}
        scale_out: {bandwidth_per_direction: 50 GB/s, latency: 2.7 us}
        """, file: "1xh100.yaml")
    let tensor = try LimitModel(
      Scenarios.llama8B, on: hardware, parallelism: Self.tensor(4))
    let pipeline = try LimitModel(
      Scenarios.llama8B, on: hardware, parallelism: Self.tensor(1, pipeline: 4))
    let crossover = try #require(tensor.prefillCrossover(to: pipeline))
    // By hand: 7.505e9 weights without the input embedding are read in 4.48 ms by one GPU after
    // the other, in 1.12 ms by four at once: 3.36 ms to lose. 64 all-reduces over a ring of four
    // take 64 x 6 x 2.7 us = 1.04 ms and, for each token, 64 x 1.5 x 8192 B / 50 GB/s = 15.7 us;
    // the tree's latency is 64 x 4 x 2.7 us = 0.69 ms. (3.36 - 0.69) / 15.7e-3 = 170 tokens.
    #expect((160...180).contains(crossover), "\(crossover)")
    // On NVLink a token costs 1.7 us instead, less than the 12 us of computing that it saves.
    let near = try Self.limits(Scenarios.llama8B, "DGX-H100", Self.tensor(4))
    let nearPipeline = try Self.limits(
      Scenarios.llama8B, "DGX-H100", Self.tensor(1, pipeline: 4))
    #expect(near.prefillCrossover(to: nearPipeline, longest: 16384) == nil)
  }

  // MARK: - Photonic Fabric

  @Test func aPoolGivesTheSameBandwidthAsEightH100() throws {
    // arXiv 2507.14000: 405e9 bytes of weights over 26.8 TB/s are 15.1 ms on both.
    let pool = try Self.limits(Self.llama405B, "PFA", Self.tensor(8), Self.nominal)
    let node = try Self.limits(Self.llama405B, "DGX-H100", Self.tensor(8), Self.nominal)
    let readPool = pool.pass(.decode, batch: 1, context: 1).memorySeconds
    let readNode = node.pass(.decode, batch: 1, context: 1).memorySeconds
    #expect((readPool * 1000 - 15.1).magnitude < 0.05)
    #expect((readNode * 1000 - 15.1).magnitude < 0.05)
    #expect(pool.pass(.decode, batch: 1, context: 1).capacityBytes == 32e12)
    // 640 GB hold the weights and 27 users of 32,768 tokens; 32 TB hold 3,736.
    #expect(node.batchLimits(context: 32_768).capacity == 27)
    #expect(pool.batchLimits(context: 32_768).capacity == 3736)
  }

  @Test func whatDoesNotFitAcceleratorsIsReadFromThePool() throws {
    let hardware = try HardwareDescription.parse(
      text: """
        version: 1
        name: tiers
        source: made up
        accelerator: {compute: {bf16: 1000 TFLOP/s}, memory_bandwidth: 1 TB/s, memory_capacity: 8 GB}
        memory_pool: {capacity: 100 GB, bandwidth: 0.1 TB/s}
        """, file: "tiers.yaml")
    var options = LimitOptions()
    options.parameters = 8e9
    let limits = try LimitModel(
      Scenarios.llama8B, on: hardware, parallelism: Self.tensor(1), options: options)
    // 16 GB of weights, half of them in the pool: 8 GB at 0.1 TB/s while 8 GB come at 1 TB/s.
    let pass = limits.pass(.decode, batch: 1, context: 1)
    #expect((pass.memorySeconds - 0.08).magnitude < 1e-4)
    #expect(pass.capacityBytes == 108e9)
  }

  // MARK: - Questions

  @Test func whatIsNotKnownIsAskedFor() throws {
    func refusal(_ hardware: String, _ sizes: JobDescription.Parallelism) -> String {
      do throws(ConfigurationError) {
        _ = try LimitModel(
          Self.llama405B, on: HardwareDescription.load(hardware), parallelism: sizes,
          options: Self.nominal)
        return ""
      } catch {
        return error.description
      }
    }
    // COWS states no synchronisation and no link.
    #expect(
      refusal("xPU-COWS", Self.tensor(8)).contains("`scale_up.bandwidth_per_direction` is missing"))
    #expect(refusal("xPU-COWS", Self.tensor(8)).contains("`--sync-latency`"))
    #expect(refusal("xPU-COWS", Self.tensor(1)) == "")
    // Synchronisation is stated up to 128 accelerators.
    #expect(refusal("xPU-HBM3", Self.tensor(128)) == "")
    #expect(refusal("xPU-HBM3", Self.tensor(129)).contains("is missing"))
    // A group wider than a domain needs a network, which this machine lacks.
    do throws(ConfigurationError) {
      var alone = try HardwareDescription.load("DGX-H100")
      alone.scaleOut = nil
      _ = try LimitModel(Scenarios.llama8B, on: alone, parallelism: Self.tensor(8))
      _ = try LimitModel(Scenarios.llama8B, on: alone, parallelism: Self.tensor(16))
      Issue.record("accepted")
    } catch {
      #expect(error.description.contains("`scale_out.bandwidth_per_direction` is missing"))
    }
  }

  @Test func assumptionsAreNamedWithTheirReason() throws {
    let limits = try Self.limits(Self.llama405B, "xPU-HBM3", Self.tensor(8), Self.nominal)
    let text = limits.assumptions.joined(separator: "\n")
    #expect(text.contains("Each collective costs 0.3 us up to 8 accelerators"))
    #expect(text.contains("fitted to the six printed rates"))
    #expect(text.contains("405000000000 parameters as stated"))
    #expect(text.contains("No rate is stated for 8-bit numbers"))
    // What no formula used is not said.
    let links = try Self.limits(Scenarios.llama8B, "MI300X", Self.tensor(8))
    let own = links.assumptions.joined(separator: "\n")
    #expect(own.contains("scale_up.latency is 0.6 us, which nobody states"))
    #expect(!own.contains("scale_out"))
  }

  @Test func assumedLatenciesHaveALineOfSensitivity() throws {
    let limits = try Self.limits(Self.llama405B, "xPU-HBM3", Self.tensor(128), Self.nominal)
    let study = LimitStudy(title: "", [limits], batches: [1], contexts: [4096])
    // 0.7212 ms of reading and 126 x 4.5 us = 0.567 ms: halves, whole, twice.
    #expect(
      study.assumptions.last
        == "xPU-HBM3: with half of the assumed latency of collectives a user gets 995 tokens/s at "
        + "batch 1 and context 4096, as given 776, with twice 539.")
    let stated = try Self.limits(Scenarios.llama8B, "DGX-H100", Self.tensor(8))
    #expect(
      !LimitStudy(title: "", [stated], batches: [1], contexts: [4096]).assumptions
        .joined().contains("with half"))
  }
}
