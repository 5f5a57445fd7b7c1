// SPDX-License-Identifier: Apache-2.0

extension TextCursor {
  /// Reads a warning about a peer, of any release; `nil` for other warnings.
  ///
  ///     socketProgress: Connection closed by remote peer node12.cluster.local<43210>
  ///     socketProgressOpt: Call to recv from 10.0.0.2<51374> failed : Connection reset by peer
  ///     socketPollConnect: Connect to 10.0.0.2<43210> failed : Connection refused
  ///     NET/IB: Got completion from peer 10.0.0.2<51374> with status=12 opcode=0 len=0 vendor err 129
  ///     NET/IB: Got completion from peer 10.0.0.2<51374> with status=IBV_WC_RETRY_EXC_ERR(12) ...
  func peerComplaint(line: Int) -> PeerComplaint? {
    var text = self
    if let found = text.find("onnection closed by remote peer") {
      text.position = found
      _ = text.skip("onnection closed by remote peer")
      return PeerComplaint(kind: .closed, peer: text.address() ?? "", line: line)
    }
    if let found = text.find("Got completion ") {
      text.position = found
      _ = text.skip("Got completion ")
      let peer = text.skip("from peer") ? text.address() ?? "" : ""
      guard let status = text.completionStatus() else { return nil }
      return PeerComplaint(kind: .completion, peer: peer, status: status, line: line)
    }
    if let found = text.find("Call to "), text.find(" failed") != nil {
      text.position = found
      guard text.skip("Call to recv") || text.skip("Call to send") else { return nil }
      guard text.skip(" from") || text.skip(" to") else {
        return PeerComplaint(kind: .failed, peer: "", line: line)
      }
      return PeerComplaint(kind: .failed, peer: text.address() ?? "", line: line)
    }
    for beginning: StaticString in ["Connect to", "connect to"] {
      guard let found = text.find(beginning),
        text.find(" failed") != nil || text.find(" returned ") != nil
      else { continue }
      text.position = found + beginning.utf8CodeUnitCount
      guard let peer = text.address() else { return nil }
      return PeerComplaint(kind: .unreachable, peer: peer, line: line)
    }
    return nil
  }

  /// Reads ` 10.0.0.2<51374>` and returns what stands before the port.
  private mutating func address() -> String? {
    let start = position
    guard skip(" ") else { return nil }
    let name = position
    while !isAtEnd, next != 0x20, next != 0x3C { position += 1 }
    let end = position
    guard end > name, end - name <= 256, skip("<"), decimal() != nil, skip(">") else {
      position = start
      return nil
    }
    return text(from: name, to: end, limit: 256)
  }

  /// Reads the number in ` with error 12,`, ` with status=12` or ` with status=IBV_WC_...(12)`.
  private mutating func completionStatus() -> Int? {
    guard skip(" with error ") || skip("with error ") || skip(" with status=") else { return nil }
    while Self.isNameByte(next), next &- 0x30 >= 10 { position += 1 }
    _ = skip("(")
    return decimal().map { Int(clamping: $0) }
  }

  /// The addresses that ` [0]eth0:10.0.0.1<0> [1]ib0:fe80::1%ib0<0>` lists after the cursor.
  func interfaceAddresses() -> [String] {
    text(from: position, to: end, limit: 1000).split(separator: " ").compactMap { word in
      guard let stop = word.firstIndex(of: "<"), word.hasSuffix(">"),
        let colon = word.firstIndex(of: ":"), colon < stop
      else { return nil }
      return String(word[word.index(after: colon)..<stop])
    }
  }
}
