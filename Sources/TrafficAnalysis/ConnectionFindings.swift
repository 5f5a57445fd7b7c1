// SPDX-License-Identifier: Apache-2.0

internal import CollectiveTrace

/// Who went away first, by what the others say of their connections.
///
/// A rank that dies closes its sockets; its peers complain, give up, and are complained of in turn.
/// So the first to go is complained of and complains of nobody. An address names a host, seldom a
/// rank: of several ranks there, one that made fewer collective calls than its peers is the one.
/// What cannot be decided is called unknown.
extension FindingCollector {
  /// Connections that were closed or failed.
  mutating func connections() {
    let owners = addresses()
    var jobs: [Int: Int] = [:]
    for (endpoint, seat) in endpoints.all.enumerated() {
      jobs[seat.process] = ranks.job[endpoint]
    }
    var complaints: [Int: [Blame]] = [:]
    for (process, record) in table.records.enumerated() {
      // A log of warnings alone has no communicator, and so belongs to no job.
      let job = jobs[process] ?? (ranks.jobs > 1 ? -1 : 0)
      for complaint in record.facts.complaints {
        let found = owners.find(complaint.peer)
        complaints[job, default: []].append(
          Blame(
            process: process, complaint: complaint, blamed: found.filter { $0 != process },
            isLocal: found.contains(process)))
      }
    }
    for (_, blames) in complaints.sorted(by: { $0.key < $1.key }) {
      completions(blames.filter { $0.complaint.kind == .completion })
      // A flushed or rejected transfer says nothing of the peer; one without any answer does.
      firstToClose(
        blames.filter { $0.complaint.kind != .completion || $0.complaint.status == 12 })
    }
  }

  /// A complaint and the processes that its address may mean.
  private struct Blame {
    var process: Int
    var complaint: PeerComplaint
    var blamed: [Int]
    /// Whether the address is the process's own: the peer may be one of its own threads.
    var isLocal: Bool
  }

  /// The processes at an address or on a host.
  private struct Owners {
    var ofAddress: [String: [Int]] = [:]
    var ofHost: [String: [Int]] = [:]

    func find(_ peer: String) -> [Int] {
      guard !peer.isEmpty else { return [] }
      if let known = ofAddress[peer] ?? ofHost[peer] { return known }
      // A resolved name has its domain; NCCL cuts its own host name at the first dot.
      guard peer.utf8.contains(where: { ($0 | 0x20) &- 0x61 < 26 }), !peer.contains(":") else {
        return []
      }
      return peer.split(separator: ".").first.flatMap { ofHost[String($0)] } ?? []
    }
  }

  private func addresses() -> Owners {
    var owners = Owners()
    for (process, record) in table.records.enumerated() {
      for address in record.facts.addresses {
        owners.ofAddress[address, default: []].append(process)
      }
      owners.ofHost[record.facts.host, default: []].append(process)
    }
    return owners
  }

  // MARK: - The first to close

  private mutating func firstToClose(_ blames: [Blame]) {
    guard !blames.isEmpty else { return }
    let complaining = Set(blames.map(\.process))
    let remote = blames.filter { !$0.isLocal }
    let suspects = Set((remote.isEmpty ? blames : remote).flatMap(\.blamed))
      .subtracting(complaining).sorted()
    let strangers = Set(
      remote.filter { $0.blamed.isEmpty && !$0.complaint.peer.isEmpty }.map(\.complaint.peer)
    ).sorted()
    let lagging = lagging()
    let late = suspects.filter(lagging.contains)
    var first: Int?
    if strangers.isEmpty {
      if late.count == 1 { first = late[0] }
      // An own address leaves it open whether another process is meant at all.
      if suspects.count == 1, !remote.isEmpty { first = suspects[0] }
    }
    let evidence = evidence(blames)
    // Processes that end at their own pace after a job that went well close sockets, too.
    let severity: Finding.Severity = endedWell(blames) ? .note : .warning
    if let first {
      let rank = numbers([first])
      let file = table.files[table.records[first].facts.file].file
      add(
        "connection-lost", severity,
        "\(rank.isEmpty ? "A process" : "Rank \(rank)") was the first to close its connections.",
        at: (rank.isEmpty ? "" : "rank \(rank), ") + file,
        evidence: evidence + "; it complains of nobody"
          + (suspects.count > 1 || remote.isEmpty ? " and made fewer calls than its peers" : ""),
        do: "Look at the end of its log and at its node: it crashed, was killed, or left early.")
      return
    }
    // Of completions alone there is a finding already.
    guard blames.contains(where: { $0.complaint.kind != .completion }) else { return }
    var why: String
    if !strangers.isEmpty {
      why = "no other log read here is of \(strangers.prefix(4).joined(separator: ", "))"
      if !suspects.isEmpty { why += "; nor does \(who(suspects)) complain" }
    } else if !suspects.isEmpty {
      why = "\(who(suspects)) may be meant: no complaint comes from there"
    } else if blames.allSatisfy({ $0.complaint.peer.isEmpty }) {
      why = "this release does not name the peer"
    } else {
      why =
        remote.isEmpty
        ? "the addresses are those of the complaining ranks' own hosts"
        : "all ranks that are complained of complain, too"
    }
    add(
      "connection-lost", severity,
      "Connections between ranks were lost; which rank was first is unknown.",
      at: suspects.isEmpty ? strangers.first ?? "" : who(suspects),
      evidence: evidence + "; \(why)",
      do: strangers.isEmpty
        ? "Look for the log that ends earliest, and for an error of the program before it."
        : "Add the logs of these hosts; the rank that went first is probably there.")
  }

  /// Whether all ranks of the communicators concerned ended them after equal calls.
  private func endedWell(_ blames: [Blame]) -> Bool {
    let processes = Set(blames.flatMap { $0.blamed + [$0.process] })
    return blames.allSatisfy { !$0.blamed.isEmpty }
      && communicators.allSatisfy { own in
        !own.views.contains { processes.contains($0.process) }
          || !own.traffic.differs && own.traffic.unmatched.isEmpty
            && own.views.allSatisfy { $0.facts.end != .open && $0.facts.initCompleted }
      }
  }

  /// Processes that made fewer collective calls than their peers on some communicator.
  private func lagging() -> Set<Int> {
    var found: Set<Int> = []
    for own in communicators {
      let most = own.views.lazy.map(\.facts.collectiveCalls).max() ?? 0
      for view in own.views where view.facts.collectiveCalls < most { found.insert(view.process) }
    }
    return found
  }

  private func numbers(_ processes: [Int]) -> String {
    let wanted = Set(processes)
    return RangeText.text(
      endpoints.all.indices.filter { wanted.contains(endpoints.all[$0].process) }
        .compactMap { ranks.rank[$0] }.sorted())
  }

  /// Processes by rank where they have one, else by host and process id.
  private func who(_ processes: [Int]) -> String {
    let numbers = numbers(processes)
    guard numbers.isEmpty else { return "rank \(numbers)" }
    let names = Set(processes).sorted().map { process in
      "\(table.records[process].facts.host):\(table.records[process].facts.pid)"
    }
    return "process " + names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", ..." : "")
  }

  /// Who says what of whom: `rank 0-1: 10.0.0.2 closed the connection (a.log:12)`.
  private func evidence(_ blames: [Blame]) -> String {
    struct Words: Hashable {
      var kind: PeerComplaint.Kind
      var peer: String
    }
    var order: [Words] = []
    var said: [Words: [Blame]] = [:]
    for blame in blames {
      let words = Words(kind: blame.complaint.kind, peer: blame.complaint.peer)
      if said[words] == nil { order.append(words) }
      said[words, default: []].append(blame)
    }
    var texts = order.prefix(6).map { words -> String in
      let own = said[words] ?? []
      let peer = words.peer.isEmpty ? "a peer" : words.peer
      let what =
        switch words.kind {
        case .closed: "\(peer) closed the connection"
        case .failed: "a call to \(peer) failed"
        case .unreachable: "\(peer) cannot be reached"
        case .completion: "a transfer with \(peer) failed"
        }
      let place = own.first.map {
        "\(table.files[table.records[$0.process].facts.file].file):\($0.complaint.line)"
      }
      return "\(who(own.map(\.process))): \(what)" + (place.map { " (\($0))" } ?? "")
    }
    if order.count > 6 { texts.append("and \(order.count - 6) more") }
    return texts.joined(separator: "; ")
  }

  // MARK: - InfiniBand and RoCE

  /// What an error of a work completion means (`ibv_wc_status`, libibverbs).
  private static let statusTexts: [Int: String] = [
    1: "local length error", 2: "local queue pair operation error",
    4: "local protection error: memory that is not registered",
    5: "flushed, after another error on the connection", 9: "remote invalid request",
    10: "remote access error", 11: "remote operation error",
    12: "retries exceeded: the peer or the network did not answer",
    13: "receiver-not-ready retries exceeded", 21: "fatal device error",
    22: "response timeout", 23: "general error",
  ]

  private mutating func completions(_ blames: [Blame]) {
    var order: [Int] = []
    var byStatus: [Int: [Blame]] = [:]
    for blame in blames {
      guard let status = blame.complaint.status else { continue }
      if byStatus[status] == nil { order.append(status) }
      byStatus[status, default: []].append(blame)
    }
    for status in order.sorted() {
      let own = byStatus[status] ?? []
      guard let sample = own.first else { continue }
      let total = own.reduce(0) { $0 + min($1.complaint.count, Int.max / 1024 / (own.count + 1)) }
      // A flush follows an error on the same connection.
      let isSecond = status == 5 && order.count > 1
      add(
        "network-completion-error", isSecond ? .warning : .error,
        "InfiniBand or RoCE transfers ended with status \(status): "
          + "\(Self.statusTexts[status] ?? "not known here").",
        at: "\(who(own.map(\.process))), "
          + "\(table.files[table.records[sample.process].facts.file].file):\(sample.complaint.line)",
        evidence: "\(CoverageStatement.counted(total, "completion")); " + evidence(own),
        do: status == 12
          ? "Check that the peer still ran; then cables, switch ports, NCCL_IB_TIMEOUT and, for RoCE, NCCL_IB_GID_INDEX."
          : "Look at the log of the peer, at dmesg and at the counters of the device.")
    }
  }
}
