// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import CollectiveTrace

/// What the names of stretches say of phases.
@Suite struct AnnotatedPhaseTests {
  @Test(arguments: [
    ("## forward ##", AnnotatedPhase.forward), ("DistributedDataParallel.forward", .forward),
    ("FSDP::post_backward_hook", .backward), ("BackwardStep", .backward), ("bwd", .backward),
    ("Optimizer.step#AdamW.step", .optimizer), ("optim_step", .optimizer),
    ("prefill", .prefill), ("model.decode(8)", .decode), ("Decode", .decode),
    ("execute_context_2(512)_generation_0(0)", .prefill),
    ("execute_context_0(0)_generation_16(16)", .decode),
    ("execute_context_1(128)_generation_3(3)", .none),
    ("## decoder fp8 None ##", .none), ("forward_backward_func", .none), ("forwarded", .none),
    ("ForwardBackward", .none), ("straightforward", .none), ("", .none), ("\u{1F600}", .none),
    ("forward forward", .forward), ("execute_context_99999999999999999999(1)", .none),
  ])
  func wordsOfAPhaseCountAndNoParts(label: String, phase: AnnotatedPhase) {
    #expect(AnnotatedPhase(label: label) == phase)
  }

  /// Three collectives: in a forward pass, in a recomputation inside of a backward pass that only
  /// the main thread knows of, and outside of everything.
  @Test func theStretchAroundACallIsItsPhase() throws {
    let kernel = "ncclDevKernel_AllReduce_Sum_f32_RING_LL(x)"
    let calls = [(1000, 10), (2000, 30), (4000, 50)].flatMap { start, number in
      KinetoText.collective(
        "allreduce", kernel: kernel, number: number, input: 8, output: 8, at: start,
        kernelAt: start + 50, duration: 20)
    }
    let stretches = [
      KinetoText.event("user_annotation", "step forward", ts: "900", dur: "300"),
      KinetoText.event("user_annotation", "attention", ts: "990", dur: "100"),
      KinetoText.event("user_annotation", "backward", ts: "1900", dur: "900", tid: "2"),
      KinetoText.event("user_annotation", "forward", ts: "1990", dur: "100", tid: "2"),
    ]
    let process = try #require(
      KinetoText.read(KinetoText.document(calls + stretches)).processes.first)
    let timing = try #require(process.timing)
    #expect(timing.calls.map(\.phase) == [.forward, .backward, .none])
    #expect(timing.labels.first == "attention")
  }
}
