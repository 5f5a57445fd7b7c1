// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

@Suite struct KernelNameTests {
  /// Names as traces and NCCL's `generate.py` spell them.
  @Test(arguments: [
    (
      "ncclDevKernel_AllReduce_Sum_f16_RING_LL(ncclDevComm*, unsigned long, ncclWork*)",
      "all_reduce float16 0 ring ll"
    ),
    ("ncclKernel_AllReduce_RING_LL_Sum_float(ncclWorkElem)", "all_reduce float32 0 ring ll"),
    (
      "ncclKernel_Broadcast_RING_LL_Sum_int8_t(ncclDevComm*, unsigned long, ncclWork*)",
      "broadcast unknown 0 ring ll"
    ),
    (
      "ncclDevKernel_AllGather_RING_LL(ncclDevKernelArgsStorage<4096ul>)",
      "all_gather unknown 0 ring ll"
    ),
    (
      "ncclDevKernel_ReduceScatter_Sum_bf16_NVLS_SIMPLE(x)",
      "reduce_scatter bfloat16 0 nvls simple"
    ),
    (
      "ncclDevKernel_AllReduce_PreMulSum_f32_NVLS_TREE_SIMPLE(x)",
      "all_reduce float32 4 nvls_tree simple"
    ),
    (
      "ncclDevKernel_AllReduce_Max_f8e4m3_COLLNET_CHAIN_SIMPLE(x)",
      "all_reduce float8e4m3 2 collnet_chain simple"
    ),
    ("ncclDevKernel_Reduce_Min_u32_TREE_LL128(x)", "reduce uint32 3 tree ll128"),
    ("ncclSymDevKernel_AllReduce_AGxLL_R_Sum_bf16(x)", "all_reduce bfloat16 0 symmetric "),
    ("ncclAllReduceRingLLKernel_sum_f32(ncclColl)", "all_reduce float32 0 ring ll"),
    ("ncclKernel_AllReduce", "all_reduce unknown 4294967295  "),
    ("ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)", "unnamed unknown 4294967295  "),
    (
      "ncclKernel_SendRecv_RING_SIMPLE_Sum_int8_t(ncclDevComm*)",
      "unnamed unknown 4294967295 ring simple"
    ),
    ("ncclDevKernel_Generic_1(ncclDevKernelArgsStorage<4096ul>)", "unnamed unknown 4294967295  "),
    ("mscclKernel_Sum_half_LL_false(x)", "unnamed unknown 4294967295  ll"),
    ("void ncclDevKernel_AllReduce_Sum_i64_TREE_LL(x)", "all_reduce int64 0 tree ll"),
    ("", "unnamed unknown 4294967295  "),
  ])
  func aNameSaysOperationTypeAndAlgorithm(name: String, expected: String) {
    let facts = KernelName(name)
    let text = [
      facts.kind.name, DataType(rawValue: facts.type).name, "\(facts.reduction)",
      KernelName.algorithms[Int(facts.algorithm)], KernelName.protocols[Int(facts.wire)],
    ].joined(separator: " ")
    #expect(text == expected)
  }

  @Test(arguments: [
    ("allreduce", "all_reduce"), ("all_reduce", "all_reduce"), ("_allgather_base", "all_gather"),
    ("_all_gather_base", "all_gather"), ("all_gather_into_tensor_coalesced", "all_gather"),
    ("reduce_scatter_tensor_coalesced", "reduce_scatter"),
    ("_reduce_scatter_base", "reduce_scatter"),
    ("allreduce_coalesced", "all_reduce"), ("all_to_allv", "all_to_all"),
    ("broadcast", "broadcast"),
    ("_broadcast_oop", "broadcast"), ("_reduce_oop", "reduce"), ("gather", "gather"),
    ("scatter", "scatter"), ("send 0->1", "send"), ("recv 0<-1", "recv"),
    ("all_reduce_barrier", "all_reduce"), ("barrier", "all_reduce"), ("wait", ""),
    ("coalesced", ""), ("init", ""), ("", ""),
  ])
  func theNamesOfPyTorchAreUnderstood(name: String, operation: String) {
    #expect((CollectiveName(name).kind?.name ?? "") == operation)
  }

  /// DESIGN.md section 4, on a group of four.
  @Test(arguments: [
    ("allreduce", 100, 100, 100), ("_allgather_base", 25, 100, 25),
    ("_reduce_scatter_base", 100, 25, 25), ("broadcast", 100, 100, 100), ("reduce", 100, 100, 100),
    ("all_to_all", 100, 100, 25), ("gather", 100, 400, 100), ("scatter", 400, 100, 100),
    ("send", 7, 7, 7), ("recv", 7, 7, 7), ("barrier", 0, 0, 1),
    // Only one side is stated, as by the shapes of old traces.
    ("_reduce_scatter_base", 100, -1, 25), ("_allgather_base", -1, 100, 25),
  ])
  func theElementCountIsPerRankOrPerPeer(name: String, input: Int, output: Int, count: Int) {
    #expect(
      CollectiveName(name).elementCount(input: Int64(input), output: Int64(output), size: 4)
        == UInt64(count))
  }

  @Test func aCountThatCannotBeToldIsNil() {
    #expect(CollectiveName("all_to_all").elementCount(input: 100, output: 100, size: 0) == nil)
    #expect(CollectiveName("all_to_all").elementCount(input: 101, output: -1, size: 4) == nil)
    #expect(CollectiveName("allreduce").elementCount(input: -1, output: -1, size: 4) == nil)
  }
}
