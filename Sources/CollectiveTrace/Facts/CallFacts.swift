// SPDX-License-Identifier: Apache-2.0

/// How a send or receive call stands among the calls around it.
///
/// NCCL before 2.28 has no all-to-all, gather or scatter: frameworks write them as groups of
/// sends and receives. A group is recognised by its structure alone, so this is a fact.
public enum ExchangeShape: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  /// Not part of a larger exchange, or a collective.
  case single = 0
  /// To all other ranks and from all other ranks, with or without itself.
  case allToAll = 1
  /// From all other ranks, to none but itself.
  case fromAll = 2
  /// To all other ranks, from none but itself.
  case toAll = 3
  /// To or from several ranks, but not all.
  case several = 4
}

/// Calls with the same operation, type, count and root on one communicator.
public struct CallFacts: Sendable, Equatable {
  /// The operation.
  public var kind: OperationKind
  /// The type as logged.
  public var dataType: DataType
  /// Reduction operator as logged: 0 sum, 1 prod, 2 max, 3 min, 4 avg, from 5 on user-made;
  /// `UInt32.max` when the trace does not say.
  public var reduction: UInt32
  /// Root of a rooted collective, peer of a send or receive; communicator rank, -1 when the trace
  /// does not say.
  public var peer: Int32
  /// Elements per call as logged; 0 when `isCoarse`.
  public var elementCount: UInt64
  /// Whether calls of several counts were summed here because the table was full, or because
  /// the calls belong to an uneven exchange.
  public var isCoarse: Bool
  /// How the call stands among its neighbours.
  public var shape: ExchangeShape
  /// Number of calls.
  public var calls: UInt64
  /// Sum of element counts over the calls.
  public var elements: UInt64
  /// Calls that came from a thread other than the first to use this communicator.
  public var otherThreadCalls: UInt64
  /// Whether the trace does not say how many elements the calls had.
  ///
  /// Then `isCoarse` is set and `elementCount` and `elements` are 0: the calls count, and their
  /// bytes are not known, which is not the same as none.
  public var isUnsized: Bool
  /// All-gathers that repeat the call right before them: same communicator and row, same send and
  /// receive buffer, no other call of this GPU between them, and none of the kind after them.
  ///
  /// Longer runs are not counted: a benchmark or a loop that fills its buffer anew makes them.
  public var repeatedCalls: UInt64 = 0

  /// Makes a row.
  public init(
    kind: OperationKind, dataType: DataType, reduction: UInt32 = 0, peer: Int32 = 0,
    elementCount: UInt64, isCoarse: Bool = false, shape: ExchangeShape = .single,
    calls: UInt64, elements: UInt64, otherThreadCalls: UInt64 = 0, isUnsized: Bool = false
  ) {
    self.kind = kind
    self.dataType = dataType
    self.reduction = reduction
    self.peer = peer
    self.elementCount = elementCount
    self.isCoarse = isCoarse
    self.shape = shape
    self.calls = calls
    self.elements = elements
    self.otherThreadCalls = otherThreadCalls
    self.isUnsized = isUnsized
  }
}

/// Exchanges (runs of sends and receives) of one shape on one communicator, as one rank made them.
public struct ExchangeFacts: Sendable, Equatable {
  /// The shape; never `single`.
  public var shape: ExchangeShape
  /// The type as logged.
  public var dataType: DataType
  /// Elements per peer when all were equal, else `nil`: an uneven exchange.
  public var evenCount: UInt64?
  /// Whether the rank also sent to itself.
  public var includesSelf: Bool
  /// `floor(log2(bytes sent, itself included))`, 0 for one byte and for none.
  public var sentBytesLog2: UInt8
  /// Number of exchanges.
  public var exchanges: UInt64
  /// Send calls in them.
  public var sendCalls: UInt64
  /// Receive calls in them.
  public var recvCalls: UInt64
  /// Elements sent, to itself included.
  public var sentElements: UInt64
  /// Elements received, from itself included.
  public var receivedElements: UInt64
  /// Elements sent to itself.
  public var selfElements: UInt64

  /// Makes a row.
  public init(
    shape: ExchangeShape, dataType: DataType, evenCount: UInt64?, includesSelf: Bool,
    sentBytesLog2: UInt8, exchanges: UInt64, sendCalls: UInt64, recvCalls: UInt64,
    sentElements: UInt64, receivedElements: UInt64, selfElements: UInt64
  ) {
    self.shape = shape
    self.dataType = dataType
    self.evenCount = evenCount
    self.includesSelf = includesSelf
    self.sentBytesLog2 = sentBytesLog2
    self.exchanges = exchanges
    self.sendCalls = sendCalls
    self.recvCalls = recvCalls
    self.sentElements = sentElements
    self.receivedElements = receivedElements
    self.selfElements = selfElements
  }
}

/// What the TUNING lines say was chosen for one operation and size.
public struct TuningFacts: Sendable, Equatable {
  /// The operation.
  public var kind: OperationKind
  /// Bytes as the line prints them (per call from 2.24.3; total before).
  public var bytes: UInt64
  /// `tree`, `ring`, `collnet_direct`, `collnet_chain`, `nvls`, `nvls_tree`, `pat`, `symmetric`,
  /// `copy_engine`.
  public var algorithm: String
  /// `ll`, `ll128`, `simple`, or empty.
  public var `protocol`: String
  /// How many lines.
  public var lines: UInt64

  /// Makes a row.
  public init(
    kind: OperationKind, bytes: UInt64, algorithm: String, protocol: String, lines: UInt64
  ) {
    self.kind = kind
    self.bytes = bytes
    self.algorithm = algorithm
    self.protocol = `protocol`
    self.lines = lines
  }
}

/// The order of calls of one GPU's rank over all its communicators, compressed.
///
/// A training step repeats the one before, so the sequence is kept as literals and copies of
/// earlier stretches (Lempel-Ziv 1977 with an unbounded copy length): it grows with what is new.
public struct CallSequence: Sendable, Equatable {
  /// What one position of the sequence refers to.
  public struct Symbol: Sendable, Hashable {
    /// Index in ``ProcessFacts/communicators``.
    public var communicator: Int
    /// Index in the communicator's `calls`, or in `exchanges` when `isExchange`.
    public var row: Int
    /// Whether `row` is an exchange.
    public var isExchange: Bool
    /// Makes a symbol.
    public init(communicator: Int, row: Int, isExchange: Bool) {
      self.communicator = communicator
      self.row = row
      self.isExchange = isExchange
    }
  }
  /// One piece of the sequence.
  public enum Token: Sendable, Equatable {
    /// One position, an index into ``symbols``.
    case literal(Int)
    /// `count` positions that repeat those `distance` back; may overlap itself.
    case copy(distance: Int, count: Int)
  }
  /// The distinct positions.
  public var symbols: [Symbol] = []
  /// The sequence.
  public var tokens: [Token] = []
  /// Positions in the whole sequence.
  public var length: Int = 0
  /// Positions after the kept part, when the sequence was too irregular to keep whole.
  public var lost: Int = 0

  /// An empty sequence.
  public init() {}
}
