// SPDX-License-Identifier: Apache-2.0

/// What the name of a communication kernel says about the call.
///
/// | written by | form |
/// | --- | --- |
/// | NCCL 2.19 on | `ncclDevKernel_AllReduce_Sum_f16_RING_LL(ncclDevKernelArgs...)` |
/// | NCCL 2.8 to 2.18 | `ncclKernel_AllReduce_RING_LL_Sum_float(ncclWorkElem)` |
/// | NCCL before | `ncclAllReduceRingLLKernel_sum_f32(ncclColl)` |
/// | NCCL 2.27 on, symmetric | `ncclSymDevKernel_AllReduce_AGxLL_R_Sum_bf16(...)` |
/// | RCCL | `ncclDevKernel_Generic_1(...)`, `ncclKernel_Generic...`: one kernel for all |
/// | MSCCL in RCCL | `mscclKernel_Sum_half_LL...` |
struct KernelName: Equatable, BitwiseCopyable {
  /// The operation, `unnamed` when the kernel serves several.
  var kind = OperationKind.unnamed
  /// The element type of a reduction by NCCL's number, else 255; other kernels move bytes.
  var type: UInt8 = 255
  /// The reduction as NCCL numbers it; ``CollectiveName/unknownReduction`` when not named.
  var reduction = CollectiveName.unknownReduction
  /// Index in ``algorithms``; 0 when not named.
  var algorithm: UInt8 = 0
  /// Index in ``protocols``; 0 when not named.
  var wire: UInt8 = 0
  /// Whether it serves sends, receives and what is made of them.
  var isSendReceive = false

  /// Names as in ``TuningFacts/algorithm``.
  static let algorithms = [
    "", "ring", "tree", "collnet_direct", "collnet_chain", "nvls", "nvls_tree", "pat", "symmetric",
  ]
  /// Names as in ``TuningFacts/protocol``.
  static let protocols = ["", "ll", "ll128", "simple"]

  /// Whether a kernel of this name communicates through NCCL or RCCL.
  static func isCommunication(_ cursor: JSONCursor, _ name: Range<Int>) -> Bool {
    var name = name
    if cursor.hasPrefix(name, "void ") { name = name.lowerBound + 5..<name.upperBound }
    return cursor.hasPrefix(name, "nccl") || cursor.hasPrefix(name, "mscclKernel")
  }

  /// Reads a name for which ``isCommunication(_:_:)`` holds.
  init(_ name: String) {
    var text = name[...]
    if text.hasPrefix("void ") { text = text.dropFirst(5) }
    text = text.prefix { $0 != "(" && $0 != "<" }
    let words = text.split(separator: "_").map(String.init)
    for (kind, word) in Self.operations
    where words.contains(where: { $0.hasSuffix(word) || $0.hasPrefix("nccl" + word) }) {
      self.kind = kind
      break
    }
    isSendReceive = words.contains { $0.contains("SendRecv") }
    for word in words { read(word) }
    if let first = words.first {
      if first.hasPrefix("ncclSym") { algorithm = 8 }
      if words.count == 1 || first.hasSuffix("Kernel"), !first.hasSuffix("DevKernel") {
        readOldStyle(first)
      }
    }
    switch kind {
    case .allReduce, .reduceScatter, .reduce: break
    case .unnamed: (type, reduction) = (255, CollectiveName.unknownReduction)
    default: (type, reduction) = (255, 0)
    }
  }

  private mutating func read(_ word: String) {
    switch word {
    case "RING": algorithm = 1
    case "TREE": algorithm = algorithm == 5 ? 6 : 2
    case "COLLNET", "DIRECT": algorithm = 3
    case "CHAIN": algorithm = 4
    case "NVLS": algorithm = 5
    case "PAT": algorithm = 7
    case "LL": wire = 1
    case "LL128": wire = 2
    case "SIMPLE": wire = 3
    case "Sum", "sum": reduction = 0
    case "Prod", "prod": reduction = 1
    case "Max", "max": reduction = 2
    case "Min", "min": reduction = 3
    // How NCCL computes `ncclAvg`.
    case "PreMulSum", "SumPostDiv": reduction = 4
    default: if let type = Self.types[word] { self.type = type }
    }
  }

  /// `ncclAllReduceRingLLKernel` of NCCL up to 2.7.
  private mutating func readOldStyle(_ word: String) {
    if word.contains("Ring") { algorithm = 1 }
    if word.contains("Tree") { algorithm = 2 }
    if word.contains("LL128") {
      wire = 2
    } else if word.contains("LLKernel") {
      wire = 1
    }
  }

  /// Longer names first: `Reduce` is part of three.
  private static let operations: [(OperationKind, String)] = [
    (.allReduce, "AllReduce"), (.reduceScatter, "ReduceScatter"), (.allGather, "AllGather"),
    (.allToAll, "AlltoAll"), (.allToAll, "AllToAll"), (.broadcast, "Broadcast"),
    (.reduce, "Reduce"),
  ]

  /// Types as kernels of all times spell them, as NCCL numbers them.
  private static let types: [String: UInt8] = [
    "i8": 0, "int8": 0, "u8": 1, "uint8": 1, "i32": 2, "int32": 2, "u32": 3, "uint32": 3,
    "i64": 4, "int64": 4, "u64": 5, "uint64": 5, "f16": 6, "half": 6, "f32": 7, "float": 7,
    "f64": 8, "double": 8, "bf16": 9, "bfloat16": 9, "f8e4m3": 10, "f8e5m2": 11,
  ]
}
