// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

// Forward, backward and gradient reduction in training, from calls that only one of them makes.
extension PhaseOrder {
  /// A stretch of calls that belongs to the forward or the backward pass of one layer.
  private struct Unit {
    var start: Int
    var end: Int
    var phase: TrafficPhase
  }

  /// What a call is, as far as a training step is concerned.
  private enum Role {
    case activation, reduction, gather, control, other
  }

  private func role(_ place: Place) -> Role {
    let group = group(place)
    if CommunicatorProfile.isControl(group) { return .control }
    switch labels[place.communicator].dimension(ofClass: place.group) {
    case .tp, .sp, .cp, .ep, .pp: return .activation
    case .dp, .edp:
      switch group.kind {
      case .allReduce, .reduceScatter, .reduce: return .reduction
      case .allGather: return .gather
      default: return .other
      }
    case .embedding: return .reduction
    default: return .other
    }
  }

  /// Finds the reductions of gradients that follow a whole backward pass.
  ///
  /// Reductions that overlap the backward pass have activations in between. Those that come in one
  /// burst after it, with the norm or the new parameters behind them, belong to the optimizer's
  /// part of the step. Every burst of a GPU must look like that.
  func readReductions(_ calls: Calls, _ found: inout [TrafficPhase]) {
    struct Burst {
      var start: Int
      var reductions = 0
      var isSettled = false
    }
    var bursts: [(burst: Burst, end: Int)] = []
    var current: Burst?
    var hasActivations = false
    for (position, call) in calls.enumerated() {
      guard let place = call?.place else { continue }
      switch role(place) {
      case .activation:
        hasActivations = true
        if let burst = current { bursts.append((burst, position)) }
        current = nil
      case .reduction where hasActivations:
        if current == nil { current = Burst(start: position) }
        current?.reductions += 1
      case .gather, .control: current?.isSettled = true
      default: break
      }
    }
    if let burst = current { bursts.append((burst, calls.count)) }
    guard let first = bursts.first?.burst, first.reductions > 1,
      bursts.allSatisfy({ $0.burst.reductions == first.reductions && $0.burst.isSettled })
    else { return }
    for (burst, end) in bursts {
      for position in burst.start..<end where found[position] == .unknown {
        guard let place = calls[position]?.place else { continue }
        switch role(place) {
        case .reduction, .gather, .control: found[position] = .optimizer
        default: break
        }
      }
    }
  }

  /// Finds layers whose calls show which way they go, and with them what lies between.
  ///
  /// - A ring of context parallelism passes keys and values; only backward their gradients, which
  ///   are summed in single precision, go round with them.
  /// - Routed tokens are announced by their numbers: an exchange of integers, then one of tokens
  ///   out and one back. Backward the numbers are known.
  ///
  /// One forward layer alone between backward ones may be computed again; it stays unknown.
  func readLayers(_ calls: Calls, _ found: inout [TrafficPhase]) {
    var units = rings(calls) + routings(calls)
    guard !units.isEmpty else { return }
    units.sort { $0.start < $1.start }
    let borders = calls.indices.filter { position in
      calls[position].map { role($0.place) == .reduction } ?? false
    }
    markLoneLayers(&units, borders)
    for unit in units where unit.phase != .unknown {
      for position in unit.start...unit.end where found[position] == .unknown {
        if let place = calls[position]?.place, role(place) == .activation {
          found[position] = unit.phase
        }
      }
    }
    fillBetween(units, borders, calls, &found)
  }

  private func rings(_ calls: Calls) -> [Unit] {
    /// Consecutive sends and receives on one communicator.
    struct Run {
      var communicator: Int
      var unit: Unit
      var halves = 0
      var singles = 0

      /// Backward, gradients go one place further than keys and values. Where these are as many,
      /// a forward layer is in the run as well.
      var settled: Unit {
        var unit = unit
        unit.phase = singles == 0 ? .forward : halves < singles ? .backward : .unknown
        return unit
      }
    }
    var telling: [Int: Bool] = [:]
    var units: [Unit] = []
    var open: Run?
    for (position, call) in calls.enumerated() {
      guard let place = call?.place, group(place).kind == .send,
        labels[place.communicator].dimension == .cp
      else {
        if let open { units.append(open.settled) }
        open = nil
        continue
      }
      let number = place.communicator
      let isTelling =
        telling[number]
        ?? (hasSends(number) { $0.isHalf } && hasSends(number) { $0.dataType == .float32 })
      telling[number] = isTelling
      guard isTelling else { continue }
      if open?.communicator != number {
        if let open { units.append(open.settled) }
        open = Run(
          communicator: number, unit: Unit(start: position, end: position, phase: .unknown))
      }
      open?.unit.end = position
      if group(place).dataType == .float32 { open?.singles += 1 } else { open?.halves += 1 }
    }
    if let open { units.append(open.settled) }
    return units
  }

  private func hasSends(_ number: Int, _ matches: (OperationClass) -> Bool) -> Bool {
    communicators[number].traffic.classes.contains { $0.kind == .send && matches($0) }
  }

  private func routings(_ calls: Calls) -> [Unit] {
    var telling: [Int: Bool] = [:]
    var units: [Unit] = []
    /// Exchanges of tokens that the last integers announce.
    var announced: [Int: Int] = [:]
    for (position, call) in calls.enumerated() {
      guard let place = call?.place, group(place).kind == .allToAll,
        labels[place.communicator].dimension == .ep
      else { continue }
      let number = place.communicator
      let isTelling =
        telling[number]
        ?? communicators[number].traffic.classes.contains {
          $0.kind == .allToAll && !$0.isFloating && $0.dataType != .unknown
        }
      telling[number] = isTelling
      guard isTelling else { continue }
      if !group(place).isFloating {
        units.append(Unit(start: position, end: position, phase: .forward))
        announced[number] = 2
      } else if let left = announced[number], left > 0, let last = units.indices.last,
        units[last].phase == .forward
      {
        units[last].end = position
        announced[number] = left - 1
      } else {
        units.append(Unit(start: position, end: position, phase: .backward))
      }
    }
    return units
  }

  /// Takes the phase from forward layers that stand alone.
  private func markLoneLayers(_ units: inout [Unit], _ borders: [Int]) {
    var border = 0
    var run: [Int] = []
    for place in units.indices {
      var isNew = false
      while border < borders.count, borders[border] < units[place].start {
        border += 1
        isNew = true
      }
      if isNew || units[place].phase != .forward {
        if run.count == 1 { units[run[0]].phase = .unknown }
        run = []
      }
      if units[place].phase == .forward { run.append(place) }
    }
    if run.count == 1 { units[run[0]].phase = .unknown }
  }

  /// Gives activations between two layers of one phase that phase, and so those before the first
  /// forward layer of a step and after its last backward layer.
  private func fillBetween(
    _ units: [Unit], _ borders: [Int], _ calls: Calls, _ found: inout [TrafficPhase]
  ) {
    var (unit, border) = (0, 0)
    for position in calls.indices {
      while unit < units.count, units[unit].end < position { unit += 1 }
      while border < borders.count, borders[border] < position { border += 1 }
      guard found[position] == .unknown, let place = calls[position]?.place,
        role(place) == .activation, labels[place.communicator].dimension != .pp
      else { continue }
      let lastBorder = border > 0 ? borders[border - 1] : -1
      let nextBorder = border < borders.count ? borders[border] : calls.count
      let before = unit > 0 && units[unit - 1].end > lastBorder ? units[unit - 1].phase : nil
      let after =
        unit < units.count && units[unit].start < nextBorder ? units[unit].phase : nil
      switch (before, after) {
      case (.forward?, .forward?), (nil, .forward?): found[position] = .forward
      case (.backward?, .backward?), (.backward?, nil): found[position] = .backward
      default: break
      }
    }
  }
}
