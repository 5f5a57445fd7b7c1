// SPDX-License-Identifier: Apache-2.0

/// What reported the calls of a process.
public enum TraceSource: UInt8, Sendable, CaseIterable {
  /// A debug log: calls at the API, no time.
  case ncclLog = 0
  /// NCCL Inspector: sizes and durations of kernels.
  case inspector = 1
  /// A PyTorch profiler (Kineto) or other Chrome trace: start and duration of kernels.
  case kineto = 2
  /// A dump of PyTorch's Flight Recorder: the last calls and their state.
  case flightRecorder = 3
  /// A Chakra or PyTorch execution trace: the order of operations.
  case executionTrace = 4
  /// The example profiler of NCCL: start and duration of calls.
  case profiler = 5

  /// The name used in every table.
  public var name: String {
    switch self {
    case .ncclLog: "nccl_log"
    case .inspector: "inspector"
    case .kineto: "kineto"
    case .flightRecorder: "flight_recorder"
    case .executionTrace: "execution_trace"
    case .profiler: "profiler"
    }
  }
}

/// When the calls of one GPU happened, as a timed trace says.
///
/// Times are integers in nanoseconds on ``clock``.
public struct TimingFacts: Sendable {
  /// Where time begins.
  public enum Clock: UInt8, Sendable {
    /// At the Unix epoch, on the clock of this machine.
    case epoch
    /// At a moment that only this process knows.
    case process
  }

  /// What a duration was taken from.
  public enum Basis: UInt8, Sendable {
    /// GPU clocks of the kernel.
    case kernelGPU = 0
    /// CPU time stamps around the kernel.
    case kernelCPU = 1
    /// CPU time stamps around the whole collective.
    case collectiveCPU = 2
    /// The trace does not say.
    case unknown = 3

    /// The name used in every table.
    public var name: String {
      switch self {
      case .kernelGPU: "kernel_gpu"
      case .kernelCPU: "kernel_cpu"
      case .collectiveCPU: "collective_cpu"
      case .unknown: "unknown"
      }
    }
  }

  /// How far a call had come when the trace was written.
  public enum State: UInt8, Sendable, BitwiseCopyable {
    /// It has ended, or the trace records only calls that have.
    case completed
    /// It had begun on the GPU and not ended.
    case started
    /// It was queued and had not begun.
    case scheduled
  }

  /// What a sequence number counts.
  public enum SequenceScope: UInt8, Sendable {
    /// Calls of one communicator.
    case communicator
    /// Calls of one function of one communicator (Inspector).
    case function
  }

  /// One call.
  public struct Call: Sendable, Equatable, BitwiseCopyable {
    /// Index in ``ProcessFacts/communicators``.
    public var communicator: Int32
    /// Index in the communicator's `calls`.
    public var row: Int32
    /// The call's number as the trace states it, the same on every rank; -1 when it does not.
    public var sequence: Int64 = -1
    /// When it began in nanoseconds; `nil` is written as `Int64.min`.
    public var start: Int64 = .min
    /// When the host called it in nanoseconds; `nil` is written as `Int64.min`.
    public var called: Int64 = .min
    /// How long it took in nanoseconds; -1 when not known.
    public var duration: Int64 = -1
    /// How far it had come.
    public var state = State.completed
    /// Index in ``TimingFacts/steps``; -1 outside of every step.
    public var step: Int32 = -1
    /// Index in ``TimingFacts/labels``, what a person or framework called this stretch; -1 if none.
    public var label: Int32 = -1
    /// What the stretches around it say that the job was doing.
    public var phase = AnnotatedPhase.none

    /// Makes a call without times.
    public init(communicator: Int32, row: Int32) {
      self.communicator = communicator
      self.row = row
    }
  }

  /// A stretch of time that the trace names a step (`ProfilerStep#12`), or the whole trace.
  public struct Step: Sendable, Equatable {
    /// The name as printed; empty for the whole trace.
    public var name: String
    /// When it began in nanoseconds.
    public var start: Int64
    /// When it ended in nanoseconds.
    public var end: Int64
    /// Time in which at least one compute kernel ran.
    public var compute: Int64 = 0
    /// Time in which at least one communication kernel ran.
    public var communication: Int64 = 0
    /// Time in which both ran: hidden communication.
    public var overlapped: Int64 = 0

    /// Makes a step.
    public init(name: String, start: Int64, end: Int64) {
      self.name = name
      self.start = start
      self.end = end
    }
  }

  /// How much of one class of calls was hidden behind compute kernels.
  public struct Overlap: Sendable, Equatable {
    /// Index in ``TimingFacts/steps``; -1 for time outside of every step.
    public var step: Int32
    /// Index in ``ProcessFacts/communicators``.
    public var communicator: Int32
    /// Index in the communicator's `calls`.
    public var row: Int32
    /// Time in which at least one kernel of the class ran, in nanoseconds.
    public var communication: Int64
    /// The part of it in which no compute kernel ran.
    public var exposed: Int64

    /// Makes a row.
    public init(step: Int32, communicator: Int32, row: Int32, communication: Int64, exposed: Int64)
    {
      self.step = step
      self.communicator = communicator
      self.row = row
      self.communication = communication
      self.exposed = exposed
    }
  }

  /// Where time begins.
  public var clock: Clock
  /// What ``Call/sequence`` counts.
  public var sequenceScope: SequenceScope
  /// Calls in the order of the file, up to a limit.
  public var calls: [Call] = []
  /// Calls beyond the limit; they are in the histograms.
  public var callsNotKept: Int = 0
  /// Whether compute kernels were recorded too, without which nothing is exposed or hidden.
  public var hasCompute = false
  /// The whole trace, when it knows its beginning and end, and compute in it.
  public var whole: Step?
  /// The steps that the trace names, in order of their beginning.
  public var steps: [Step] = []
  /// Classes of calls, by step.
  public var overlaps: [Overlap] = []
  /// Names of stretches that calls fall into, in order of first appearance.
  public var labels: [String] = []

  /// No calls.
  public init(clock: Clock, sequenceScope: SequenceScope) {
    self.clock = clock
    self.sequenceScope = sequenceScope
  }
}

/// How long the calls of one row took.
public struct DurationFacts: Sendable, Equatable {
  /// Index in ``CommunicatorFacts/calls``.
  public var row: Int
  /// What the durations were taken from.
  public var basis: TimingFacts.Basis
  /// The durations.
  public var histogram: DurationHistogram

  /// Makes a row.
  public init(row: Int, basis: TimingFacts.Basis, histogram: DurationHistogram = .init()) {
    self.row = row
    self.basis = basis
    self.histogram = histogram
  }
}
