// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Operations of one class by what the job was doing.
typealias PhaseShares = [TrafficPhase: UInt64]

/// Divides classes of operations by phase, from the order in which each GPU made its calls.
///
/// | seen in the order | read as |
/// | --- | --- |
/// | runs of equal length on a tensor group at descending sizes, each once, then a larger one or silence | graph capture: `init` |
/// | gathers of an inference engine after the reductions of a pass | the phase of the pass |
/// | gathers of sharded data before the first reduce-scatter, as many as there are reduce-scatters | `forward`; the rest of the step `backward` |
/// | control messages after the last reduce-scatter of a step | `optimizer` |
/// | sends to the next pipeline stage, and as many to the previous one | `forward`, `backward` |
/// | gathers on a data-parallel group right after its reduce-scatters | `optimizer` |
/// | reductions of gradients in one burst after all activations of a step | `optimizer` |
/// | rings with keys and values only, exchanges that integers announce, and what lies between | `forward` |
/// | rings with gradients in single precision, exchanges that nothing announces | `backward` |
///
/// A class is divided only if all of its calls are in the order and all ranks agree.
struct PhaseOrder {
  /// For each communicator and class the operations by phase, where the order decides.
  private(set) var shares: [[PhaseShares?]]
  /// Elements of the reductions of a captured graph, as recorded, largest first.
  private(set) var captured: [UInt64] = []
  /// Operations of each captured graph, in the order of `captured`, by communicator and class.
  private(set) var captures: [[Place: UInt64]] = []
  /// The repetition in each GPU's calls, in the order of processes.
  private(set) var patterns: [(process: Int, pattern: CallPattern?)] = []

  let communicators: [AnalysedCommunicator]
  let labels: [DimensionLabel]
  private let phases: [[TrafficPhase]]
  private let serves: Bool
  /// Communicators whose captured operations were counted.
  private var replayed: Set<Int> = []
  /// Classes whose calls were not all placed, or placed in other ways by other ranks.
  private var refused: Set<Place> = []

  struct Place: Hashable {
    var communicator: Int
    var group: Int
  }

  struct View: Hashable {
    var process: Int
    var index: Int
  }

  struct Row: Hashable {
    var kind: OperationKind
    var bytes: UInt64
    var type: UInt8
  }

  /// One call of a GPU.
  struct Call {
    var place: Place
    /// A receive, whose operation is counted where it is sent.
    var isReceive: Bool
    /// The rank that a send or receive names.
    var peer: Int32
  }

  /// The calls of one GPU in their order, each stored once.
  struct Calls: RandomAccessCollection {
    var positions: [Int]
    var ofSymbol: [Call?]
    var startIndex: Int { 0 }
    var endIndex: Int { positions.count }
    subscript(position: Int) -> Call? { ofSymbol[positions[position]] }
  }

  /// Reads the order of all GPUs.
  ///
  /// - Complexity: O(*c*) in calls whose order was kept, at most ``CallOrder/maximumPositions`` of
  ///   each GPU at a time.
  init(
    _ communicators: [AnalysedCommunicator], _ labels: [DimensionLabel],
    _ phases: [[TrafficPhase]], serves: Bool, _ table: ProcessTable, _ endpoints: Endpoints
  ) {
    self.communicators = communicators
    self.labels = labels
    self.phases = phases
    self.serves = serves
    shares = communicators.map { [PhaseShares?](repeating: nil, count: $0.traffic.classes.count) }
    // The order of other jobs says nothing that is read here.
    let telling: Set<ParallelismDimension> =
      serves ? [.tp, .pp] : [.fsdp, .pp, .dp, .edp, .cp, .ep]
    guard labels.contains(where: { telling.contains($0.dimension) }) else { return }
    guard table.records.contains(where: { !$0.facts.timelines.isEmpty }) else { return }
    var owner: [View: Int] = [:]
    for (number, own) in communicators.enumerated() {
      for index in own.communicator.instances {
        let view = endpoints.instances[index]
        owner[View(process: view.process, index: view.index)] = number
      }
    }
    let rows = communicators.map { own in
      var rows: [Row: Int] = [:]
      for (index, group) in own.traffic.classes.enumerated() {
        guard let bytes = group.messageBytes else { continue }
        rows[Row(kind: group.kind, bytes: bytes, type: group.dataType.rawValue)] = index
      }
      return rows
    }
    var complete = Set<View>()
    for (process, record) in table.records.enumerated() {
      for sequence in record.facts.timelines where sequence.lost == 0 {
        guard let positions = CallOrder.expand(sequence), positions.count == sequence.length else {
          continue
        }
        let calls = sequence.symbols.map { symbol -> Call? in
          call(symbol, process: process, record.facts, owner, rows)
        }
        for symbol in sequence.symbols {
          complete.insert(View(process: process, index: symbol.communicator))
        }
        let ordered = Calls(positions: positions, ofSymbol: calls)
        patterns.append((process, pattern(CallPattern.longest(in: sequence), ordered)))
        read(ordered)
      }
    }
    // A rank without its order says nothing about the phases that the others saw.
    for (view, number) in owner where !complete.contains(view) {
      for group in shares[number].indices {
        refused.insert(Place(communicator: number, group: group))
      }
    }
    settle()
  }

  private func call(
    _ symbol: CallSequence.Symbol, process: Int, _ facts: ProcessFacts, _ owner: [View: Int],
    _ rows: [[Row: Int]]
  ) -> Call? {
    guard facts.communicators.indices.contains(symbol.communicator),
      let number = owner[View(process: process, index: symbol.communicator)]
    else { return nil }
    if symbol.isExchange {
      let exchanges = facts.communicators[symbol.communicator].exchanges
      guard exchanges.indices.contains(symbol.row) else { return nil }
      return exchange(exchanges[symbol.row], number, rows[number])
    }
    let calls = facts.communicators[symbol.communicator].calls
    guard calls.indices.contains(symbol.row), !calls[symbol.row].isCoarse,
      let width = calls[symbol.row].dataType.byteSize
    else { return nil }
    let row = calls[symbol.row]
    let kind = row.kind == .recv ? .send : row.kind
    let bytes = WireBytes.messageBytes(
      kind, bytes: row.elementCount.times(UInt64(clamping: width)),
      size: communicators[number].communicator.size)
    for type in [row.dataType, .unknown] {
      if let group = rows[number][Row(kind: kind, bytes: bytes, type: type.rawValue)] {
        return Call(
          place: Place(communicator: number, group: group), isReceive: row.kind == .recv,
          peer: row.peer)
      }
    }
    return nil
  }

  /// A repetition with its exact ends, if it is one of whole steps: they reduce gradients, passes
  /// of a server do not.
  private func pattern(_ found: CallPattern?, _ calls: Calls) -> CallPattern? {
    guard let pattern = found?.extended(over: calls.positions) else { return nil }
    guard !serves else { return pattern }
    let hasGradients = (pattern.start..<pattern.start + pattern.length).contains { position in
      guard let place = calls[position]?.place else { return false }
      switch labels[place.communicator].dimension {
      case .dp, .fsdp, .edp: return !CommunicatorProfile.isControl(group(place))
      default: return false
      }
    }
    return hasGradients ? pattern : nil
  }

  /// A group of sends and receives that is one all-to-all; parts of different size are one class.
  private func exchange(_ row: ExchangeFacts, _ number: Int, _ rows: [Row: Int]) -> Call? {
    guard row.shape == .allToAll, let width = row.dataType.byteSize else { return nil }
    let bytes = row.evenCount.map { count in
      WireBytes.messageBytes(
        .allToAll, bytes: count.times(UInt64(clamping: width)),
        size: communicators[number].communicator.size)
    }
    let even = bytes.flatMap {
      rows[Row(kind: .allToAll, bytes: $0, type: row.dataType.rawValue)]
    }
    let group =
      even
      ?? communicators[number].traffic.classes.firstIndex {
        $0.kind == .allToAll && $0.dataType == row.dataType && $0.messageBytes == nil
      }
    return group.map {
      Call(place: Place(communicator: number, group: $0), isReceive: false, peer: -1)
    }
  }

  // MARK: - One GPU

  private mutating func read(_ calls: Calls) {
    var found = [TrafficPhase](repeating: .unknown, count: calls.count)
    let known = calls.ofSymbol.map { call in
      call.map { phases[$0.place.communicator][$0.place.group] } ?? .unknown
    }
    for (position, symbol) in calls.positions.enumerated() { found[position] = known[symbol] }
    if serves {
      readPasses(calls, &found)
      readCapture(calls, &found)
    } else {
      readSharding(calls, &found)
      readStages(calls, &found)
      readOptimizer(calls, &found)
      readReductions(calls, &found)
      readLayers(calls, &found)
    }
    var counts: [Place: PhaseShares] = [:]
    // Calls of one pass follow each other; they are looked up once.
    var start = 0
    while start < found.count {
      let (symbol, phase) = (calls.positions[start], found[start])
      var end = start + 1
      while end < found.count, calls.positions[end] == symbol, found[end] == phase { end += 1 }
      if let call = calls.ofSymbol[symbol], !call.isReceive {
        counts[call.place, default: [:]][phase, default: 0].add(UInt64(end - start))
      }
      start = end
    }
    for (place, share) in counts {
      let known = shares[place.communicator][place.group]
      if group(place).kind == .send {
        // Each rank sends its own.
        shares[place.communicator][place.group] = (known ?? [:]).merging(share) { $0.adding($1) }
      } else if let known, known != share {
        refused.insert(place)
      } else {
        shares[place.communicator][place.group] = share
      }
    }
  }

  func group(_ place: Place) -> OperationClass {
    communicators[place.communicator].traffic.classes[place.group]
  }

  /// Gathers that are not told by their size belong to the pass that they end.
  private func readPasses(_ calls: Calls, _ found: inout [TrafficPhase]) {
    enum Effect { case sets, takes, none }
    let effects = calls.ofSymbol.map { call -> Effect in
      guard let place = call?.place else { return .none }
      let group = group(place)
      switch group.kind {
      case .allReduce, .send: return CommunicatorProfile.isControl(group) ? .none : .sets
      case .allGather: return labels[place.communicator].dimension == .tp ? .takes : .none
      default: return .none
      }
    }
    var current = TrafficPhase.unknown
    for (position, symbol) in calls.positions.enumerated() {
      switch effects[symbol] {
      case .sets: current = found[position]
      case .takes where found[position] == .unknown: found[position] = current
      default: break
      }
    }
  }

  /// Reductions of one size on a tensor group without another in between.
  private struct Pass {
    var place: Place
    var count: UInt64
    var length: Int
    var start: Int
    var end: Int
  }

  private mutating func readCapture(_ calls: Calls, _ found: inout [TrafficPhase]) {
    var passes: [Pass] = []
    let reductions = calls.ofSymbol.map { call -> (place: Place, count: UInt64)? in
      guard let place = call?.place else { return nil }
      let group = group(place)
      guard group.kind == .allReduce, labels[place.communicator].dimension == .tp,
        !CommunicatorProfile.isControl(group), let count = group.elementCount
      else { return nil }
      return (place, count)
    }
    for (position, symbol) in calls.positions.enumerated() {
      guard let (place, count) = reductions[symbol] else { continue }
      if let last = passes.indices.last, passes[last].place == place,
        passes[last].end + 1 == position
      {
        passes[last].length += 1
        passes[last].end = position
      } else {
        // The capture comes first; a job's later passes need not be kept.
        guard passes.count < Self.maximumPasses else { break }
        passes.append(
          Pass(place: place, count: count, length: 1, start: position, end: position))
      }
    }
    guard let first = passes.first else { return }
    var end = 1
    while end < passes.count, passes[end].length == first.length,
      passes[end].count < passes[end - 1].count,
      passes[end].place.communicator == first.place.communicator
    {
      end += 1
    }
    let smallest = passes[end - 1].count
    let isSilent = end == passes.count
    guard end >= (isSilent ? 4 : 3), isSilent || passes[end].count > first.count,
      first.length >= 2, smallest > 0,
      passes[..<end].allSatisfy({ $0.count % smallest == 0 })
    else { return }
    let limit = isSilent ? calls.count : passes[end].start
    for position in first.start..<limit { found[position] = .initialization }
    captured = max(captured, passes[..<end].map(\.count))
    countCaptures(passes[..<end].map(\.start) + [limit], calls)
  }

  /// Counts the operations of each captured pass; the first rank of a communicator that is met
  /// counts them for all.
  private mutating func countCaptures(_ borders: [Int], _ calls: Calls) {
    let fresh = Set(
      (borders[0]..<borders[borders.count - 1]).compactMap { calls[$0]?.place.communicator }
    ).subtracting(replayed)
    replayed.formUnion(fresh)
    for (pass, (start, end)) in zip(borders, borders.dropFirst()).enumerated() {
      if pass == captures.count { captures.append([:]) }
      for position in start..<end {
        guard let place = calls[position]?.place, fresh.contains(place.communicator) else {
          continue
        }
        captures[pass][place, default: 0].add(1)
      }
    }
  }

  private static let maximumPasses = 4096

  private func max(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] { a.count >= b.count ? a : b }

  /// One step of sharded data, as positions.
  private struct Step {
    var gathers: [Int] = []
    var scatters: [Int] = []
    var reductions: [Int] = []
    var controls: [Int] = []
  }

  private func readSharding(_ calls: Calls, _ found: inout [TrafficPhase]) {
    var step = Step()
    var hasStarted = false
    var early: [Int] = []
    for (position, call) in calls.enumerated() {
      guard let place = call?.place else { continue }
      let group = group(place)
      let dimension = labels[place.communicator].dimension(ofClass: place.group)
      if CommunicatorProfile.isControl(group) || dimension == .world {
        if hasStarted {
          step.controls.append(position)
        } else {
          early.append(position)
        }
      } else if dimension == .fsdp, group.kind == .allGather {
        // What was said since the last reduce-scatter ended the step.
        if !step.scatters.isEmpty, !step.controls.isEmpty {
          finish(step, calls, &found)
          step = Step()
        }
        // What came before the first parameters set the job up.
        if !hasStarted { for position in early { found[position] = .initialization } }
        hasStarted = true
        step.gathers.append(position)
      } else if dimension == .fsdp, group.kind == .reduceScatter {
        step.scatters.append(position)
      } else if dimension == .dp, group.kind == .allReduce {
        step.reductions.append(position)
      }
    }
    finish(step, calls, &found)
  }

  /// How many gathers of a step come before its backward pass; `nil` when that is not clear.
  private func forwardGathers(_ step: Step, _ calls: Calls) -> Int? {
    guard let scatter = step.scatters.first else { return nil }
    let before = step.gathers.prefix { $0 < scatter }
    let units = step.scatters.count
    // One gather for each unit whose gradients are scattered.
    if step.gathers.count >= units, step.gathers.count <= 2 * units, before.count >= units {
      return units
    }
    // Or one for each parameter of the layers, whose gradients are scattered together.
    let sizes = { (positions: ArraySlice<Int>) -> [Place: Int] in
      var counts: [Place: Int] = [:]
      for position in positions {
        if let place = calls[position]?.place { counts[place, default: 0] += 1 }
      }
      return counts
    }
    let layers = sizes(step.scatters[...]).values.max() ?? 0
    let parameters = sizes(before).values
    guard layers > 1, parameters.contains(layers),
      parameters.allSatisfy({ $0 == layers || $0 == 1 })
    else { return nil }
    return before.count
  }

  /// Tells activations, which go to the next stage, from gradients, which go back.
  ///
  /// Which stage is next shows the first call: the first stage sends before anything comes, all
  /// others receive from the one before them.
  private func readStages(_ calls: Calls, _ found: inout [TrafficPhase]) {
    struct Side {
      var isFirstStage: Bool
      var peer: Int32
    }
    var sides: [Int: Side] = [:]
    for (position, call) in calls.enumerated() {
      guard let call, group(call.place).kind == .send,
        labels[call.place.communicator].dimension == .pp
      else { continue }
      let side =
        sides[call.place.communicator]
        ?? Side(isFirstStage: !call.isReceive, peer: call.peer)
      sides[call.place.communicator] = side
      if side.isFirstStage {
        if call.peer == side.peer { found[position] = .forward }
      } else {
        found[position] = call.peer == side.peer ? .backward : .forward
      }
    }
  }

  /// Finds the gathers of a distributed optimizer.
  ///
  /// It gathers the parameters that it changed as soon as the gradients were scattered and their
  /// norm is known. Gathers elsewhere may overlap the next forward pass.
  private func readOptimizer(_ calls: Calls, _ found: inout [TrafficPhase]) {
    var controls: [Int] = []
    var isAfterScatter = false
    for (position, call) in calls.enumerated() {
      guard let place = call?.place else {
        isAfterScatter = false
        continue
      }
      let group = group(place)
      if CommunicatorProfile.isControl(group) {
        if isAfterScatter { controls.append(position) }
        continue
      }
      let isData = labels[place.communicator].dimension == .dp
      if isData, group.kind == .allGather, isAfterScatter {
        found[position] = .optimizer
        for control in controls where found[control] == .unknown { found[control] = .optimizer }
      } else {
        isAfterScatter = isData && group.kind == .reduceScatter
      }
      controls = []
    }
  }

  private func finish(_ step: Step, _ calls: Calls, _ found: inout [TrafficPhase]) {
    guard let forward = forwardGathers(step, calls), let last = step.scatters.last else { return }
    for position in step.gathers[..<forward] { found[position] = .forward }
    for position in step.gathers[forward...] { found[position] = .backward }
    for position in step.scatters { found[position] = .backward }
    for position in step.reductions where position > step.scatters[0] {
      found[position] = .backward
    }
    for position in step.controls where position > last {
      found[position] = .optimizer
    }
  }

  // MARK: - All GPUs

  private mutating func settle() {
    for number in shares.indices {
      for index in shares[number].indices {
        guard let share = shares[number][index] else { continue }
        let total = share.values.reduce(UInt64(0)) { $0.adding($1) }
        let place = Place(communicator: number, group: index)
        // Every activation that goes forward comes back as a gradient.
        let isUneven =
          !serves && labels[number].dimension == .pp
          && share[.forward, default: 0] != share[.backward, default: 0]
        if refused.contains(place) || total != group(place).operations || isUneven {
          shares[number][index] = nil
        }
      }
    }
  }
}

extension OperationClass {
  /// The class divided by phase; sums stay what they were.
  func parts(_ share: PhaseShares) -> [(phase: TrafficPhase, part: OperationClass)] {
    let order = share.sorted { $0.key < $1.key }
    var rest = self
    var parts: [(phase: TrafficPhase, part: OperationClass)] = []
    for (place, entry) in order.enumerated() {
      guard place < order.count - 1 else {
        parts.append((entry.key, rest))
        break
      }
      var part = self
      func cut(_ value: UInt64) -> UInt64 {
        UInt64.scale(value, by: entry.value, over: operations)
      }
      part.operations = entry.value
      part.rankCalls = cut(rankCalls)
      part.payloadBytes = cut(payloadBytes)
      part.wireBytes = cut(wireBytes)
      part.interNodeBytes = interNodeBytes.map(cut)
      rest.operations = rest.operations.minus(part.operations)
      rest.rankCalls = rest.rankCalls.minus(part.rankCalls)
      rest.payloadBytes = rest.payloadBytes.minus(part.payloadBytes)
      rest.wireBytes = rest.wireBytes.minus(part.wireBytes)
      if let all = rest.interNodeBytes, let own = part.interNodeBytes {
        rest.interNodeBytes = all.minus(own)
      }
      parts.append((entry.key, part))
    }
    return parts
  }
}
