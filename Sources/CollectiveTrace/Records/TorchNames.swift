// SPDX-License-Identifier: Apache-2.0

/// How PyTorch names operations and data types in its traces.
enum TorchNames {
  /// What a name says.
  enum Operation: Equatable {
    case call(OperationKind)
    /// Bookkeeping of PyTorch: the end of a group of calls, a wait.
    case none
    /// No operation that is known.
    case unknown
  }

  private static let operations: [String: OperationKind] = [
    "all_reduce": .allReduce, "allreduce": .allReduce, "allreduce_coalesced": .allReduce,
    "all_reduce_sparse": .allReduce, "allreduce_sparse": .allReduce,
    // A barrier is an all-reduce of one element.
    "all_reduce_barrier": .allReduce, "barrier": .allReduce,
    "all_gather": .allGather, "allgather": .allGather, "_all_gather_base": .allGather,
    "_allgather_base": .allGather, "all_gather_into_tensor": .allGather,
    "all_gather_into_tensor_coalesced": .allGather, "allgather_into_tensor_coalesced": .allGather,
    "allgather_coalesced": .allGather, "all_gather_coalesced": .allGather,
    "reduce_scatter": .reduceScatter, "_reduce_scatter_base": .reduceScatter,
    "reduce_scatter_base": .reduceScatter, "reduce_scatter_tensor": .reduceScatter,
    "reduce_scatter_tensor_coalesced": .reduceScatter,
    "broadcast": .broadcast, "_broadcast_oop": .broadcast, "reduce": .reduce,
    "_reduce_oop": .reduce, "gather": .gather, "scatter": .scatter,
    "all_to_all": .allToAll, "alltoall": .allToAll, "all_to_all_single": .allToAll,
    "alltoall_base": .allToAll, "all_to_allv": .allToAll, "alltoallv": .allToAll,
    "send": .send, "recv": .recv, "recv_any_source": .recv,
  ]

  /// The operation of a name, in any case, after a backend's prefix (`nccl:`).
  static func operation(_ name: some StringProtocol) -> Operation {
    let bare = name.lowercased().split(separator: ":").last ?? ""
    let word = String(bare.prefix { $0 != " " })
    if let kind = operations[word] { return .call(kind) }
    return [
      "coalesced", "wait", "init", "group_start", "group_end", "startcoalescing",
      "endcoalescing",
    ].contains(word) ? .none : .unknown
  }

  private static let types: [String: UInt8] = [
    "char": 0, "int8": 0, "byte": 1, "uint8": 1, "unsigned char": 1, "signed char": 0, "bool": 1,
    "int": 2, "int32": 2, "uint32": 3, "long": 4, "int64": 4, "long int": 4, "uint64": 5,
    "half": 6, "float16": 6, "float": 7, "float32": 7, "double": 8, "float64": 8, "bfloat16": 9,
    "float8_e4m3fn": 10, "float8_e5m2": 11,
  ]

  /// The data type of a name (`BFloat16`, `c10::Half`, `torch.float32`); NCCL has not all of them.
  static func dataType(_ name: some StringProtocol) -> DataType? {
    let bare = name.lowercased().split { $0 == ":" || $0 == "." }.last ?? ""
    return types[String(bare)].map { DataType(rawValue: $0) }
  }

  /// Elements as ``CallFacts/elementCount`` has them, from those of the tensors of a call.
  ///
  /// PyTorch records no split sizes here: an all-to-all is counted as if it were even, which its
  /// total allows only where it can be divided by the ranks.
  static func elementCount(
    _ kind: OperationKind, inputs: UInt64?, outputs: UInt64?, ranks: Int?
  ) -> UInt64? {
    func part(_ elements: UInt64?) -> UInt64? {
      guard let elements, let ranks, ranks > 0, elements % UInt64(ranks) == 0 else { return nil }
      return elements / UInt64(ranks)
    }
    return switch kind {
    case .allGather, .gather: inputs ?? part(outputs)
    case .reduceScatter, .scatter: outputs ?? part(inputs)
    case .allToAll: part(inputs) ?? (inputs == nil ? part(outputs) : nil)
    case .recv: outputs ?? inputs
    default: inputs ?? outputs
    }
  }
}
