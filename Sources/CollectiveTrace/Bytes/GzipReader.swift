// SPDX-License-Identifier: Apache-2.0

/// Reads a gzip file member by member and saves what can be saved of a damaged one.
///
/// Headers and trailers are read here, because the accounts need their offsets; an ``Inflater``
/// decodes what is between them.
///
/// - A member that fails before it gives text may have a damaged header: the bytes are read again
///   with other flags, then searched for the next member from the byte after its start.
/// - A member that fails later ends the text there. Nearly any bits are valid DEFLATE, so the
///   decoder of a damaged or shortened member runs on, often through the members after it. The
///   search therefore starts at the failed member too; before the place of the failure it takes
///   only what has a typical header and decodes well.
/// - ISA-L notices some damage later than zlib and keeps back the last byte of a truncated member.
///   A member that does not end well is therefore decoded a second time by zlib, whose judgement
///   counts, so that the accounts of a file do not depend on what is installed.
@safe
struct GzipReader: ~Copyable {
  /// Searching again costs at most this many times the bytes of the file, plus a constant.
  private static let rereadFactor = 4
  private static let rereadAllowance = 1 << 20

  /// How much text shows that a guessed header is right.
  private static let trialBytes = 4 << 10

  private enum State { case betweenMembers, searching, inflating, ended }

  /// The member being decoded.
  private struct Member {
    var start: Int
    /// Offset of its first byte of DEFLATE.
    var contentStart: Int
    /// Whether it stands where one member ends and the next is due.
    var isDue: Bool
    /// 0 when the header is read as written, else 1 + the index of the guess.
    var attempt = 0
    /// Everything it decoded to.
    var text = Checksum()
    /// Bytes still to come that the first pass already delivered.
    var alreadyDelivered = 0
    /// Whether zlib is decoding it, after or instead of the preferred engine.
    var isSecondPass = false
  }

  private var window: InputWindow
  private var preferred: Inflater
  private var zlib: Inflater?
  private var state = State.betweenMembers
  private var member = Member(start: 0, contentStart: 0, isDue: true)
  /// Everything before this offset is in a class of the account.
  private var classified = 0
  /// Bytes before this offset that are not yet classified belong to a broken member.
  private var brokenEnd = 0
  /// Before this offset only a typical header counts as one.
  private var doubtfulEnd = 0
  /// The start of a member that gave no text before the file ended.
  private var unfinishedStart: Int?
  private var reread = 0
  private var isAfterGap = false
  /// Text delivered and not yet part of `content`.
  private var delivered = Checksum()
  private var content = Checksum()
  private var ledger = ContainerAccount()

  /// Takes over a file that starts with a member; `nil` when memory is short.
  init?(window: consuming InputWindow, engine: Inflater.Engine) {
    // A second pass needs to go back in the file, and a pipe cannot.
    let engine = window.source.isSeekable ? engine : .zlib
    guard let preferred = Inflater(engine: engine) else { return nil }
    self.window = window
    self.preferred = preferred
    ledger.compression = "gzip"
  }

  /// The accounts so far.
  var account: ContainerAccount {
    var account = ledger
    account.compressedBytes = window.furthestOffset
    account.damagedBytes += window.furthestOffset - classified
    var content = content
    content.append(delivered)
    account.textBytes = content.bytes
    account.contentCRC32 = content.value
    return account
  }

  /// Fills a buffer; see ``ByteStream/read(into:)``.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> (count: Int, followsGap: Bool) {
    var count = 0
    var followsGap = false
    while count < buffer.count, state != .ended, !(isAfterGap && count > 0) {
      switch state {
      case .betweenMembers: enterNextMember()
      case .searching: search()
      case .inflating:
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
        // The step may find the next damage; its text stands before that.
        let wasAfterGap = isAfterGap
        isAfterGap = false
        let step = unsafe inflate(into: room)
        if wasAfterGap {
          if step > 0 {
            followsGap = true
            ledger.gaps += 1
          } else {
            isAfterGap = true
          }
        }
        count += step
      case .ended: break
      }
    }
    return (count, followsGap)
  }

  // MARK: - Members

  /// Goes from the end of one member into the next, over padding.
  private mutating func enterNextMember() {
    while window.fill(1), case let zeros = window.zeroBytes, zeros > 0 {
      window.advance(by: zeros)
      classify(to: window.offset, as: \.paddingBytes)
    }
    guard window.fill(1) else { return end() }
    _ = window.fill(GzipHeader.magic.count)
    enter(Member(start: window.offset, contentStart: 0, isDue: true))
  }

  /// Reads the header at the member's start, or gives the member up.
  private mutating func enter(_ candidate: Member) {
    member = candidate
    let reading =
      candidate.attempt == 0
      ? GzipHeader.Reading.asWritten : GzipHeader.Reading.guesses[candidate.attempt - 1]
    _ = window.fill(GzipHeader.shortest)
    var outcome = unsafe GzipHeader.parse(window.unread, as: reading)
    if outcome == .incomplete {
      _ = window.fill(GzipHeader.longest)
      outcome = unsafe GzipHeader.parse(window.unread, as: reading)
    }
    if outcome == .invalid || outcome == .incomplete, !candidate.isDue {
      // A search may meet a magic number every few bytes, each with a name that never ends.
      reread += min(window.available, GzipHeader.longest)
    }
    switch outcome {
    case .incomplete: fail(atEndOfFile: true)
    case .invalid: fail(atEndOfFile: false)
    case .header(let length, let checksumHolds):
      if !checksumHolds, candidate.attempt == 0 {
        ledger.note(
          .checksumMismatch,
          "The header checksum of the gzip member at byte \(member.start) is wrong; what it holds was read; check the file against its source."
        )
      }
      window.advance(by: length)
      member.contentStart = window.offset
      if preferred.engine == .zlib {
        preferred.reset()
      } else if candidate.isDue, candidate.attempt == 0 {
        preferred.reset()
      } else {
        guard startSecondDecoder() else { return fail(atEndOfFile: false) }
        member.isSecondPass = true
      }
      state = .inflating
    }
  }

  /// Decodes into the buffer and returns how many bytes of new text are in it.
  private mutating func inflate(into room: UnsafeMutableRawBufferPointer) -> Int {
    let hasInput = window.fill(1)
    let isRepeating = member.alreadyDelivered > 0
    // Text that the first pass delivered goes to the same place and is written over.
    let target = unsafe UnsafeMutableRawBufferPointer(
      rebasing: room[..<(isRepeating ? min(room.count, member.alreadyDelivered) : room.count)])
    let step =
      member.isSecondPass
      ? unsafe zlib?.inflate(window.unread, into: target)
      : unsafe preferred.inflate(window.unread, into: target)
    guard let step else {
      fail(atEndOfFile: false)
      return 0
    }
    window.advance(by: step.consumed)
    let text = unsafe UnsafeRawBufferPointer(rebasing: target[..<step.produced])
    var new = 0
    if isRepeating {
      member.alreadyDelivered -= step.produced
      unsafe member.text.update(text)
    } else if step.produced > 0 {
      if member.text.bytes == 0 { confirm() }
      unsafe member.text.update(text)
      // One pass over the bytes serves both checksums, except in a member decoded twice.
      if delivered.bytes + step.produced == member.text.bytes {
        delivered = member.text
      } else {
        unsafe delivered.update(text)
      }
      new = step.produced
    }
    switch step.outcome {
    case .ended: finishMember()
    case .failed: fail(atEndOfFile: false)
    case .more:
      if step.produced == 0, step.consumed == 0 { fail(atEndOfFile: !hasInput) }
    }
    return new
  }

  /// Reads the trailer of a member whose DEFLATE stream has ended.
  private mutating func finishMember() {
    guard window.fill(8) else {
      window.advance(by: window.available)
      return fail(atEndOfFile: true)
    }
    let crc = littleEndianWord(at: 0)
    let length = littleEndianWord(at: 4)
    let isWhole = member.text.matches(crc: crc, length: length)
    if !isWhole {
      if startSecondPass() { return }
      // Unless a neighbour shows where we are, the end mark itself may be a product of damage.
      window.advance(by: 8)
      _ = window.fill(2)
      let next = (window[0], window[1] ?? GzipHeader.magic[1])
      let isPlausible =
        next.0 == nil || next.0 == 0 || next == (GzipHeader.magic[0], GzipHeader.magic[1])
      window.advance(by: -8)
      guard isPlausible, member.text.bytes > 0, member.attempt == 0 else {
        return fail(atEndOfFile: false)
      }
      ledger.note(
        .checksumMismatch,
        "The checksum or length of the gzip member at byte \(member.start) does not match its text; some of the text may be wrong; fetch the file again."
      )
    }
    window.advance(by: 8)
    confirm()
    if member.attempt > 0 {
      ledger.note(
        .damaged,
        "The header of the gzip member at byte \(member.start) is damaged; its text was read all the same, and its checksum holds."
      )
    }
    classify(to: window.offset, as: \.memberBytes)
    ledger.members += 1
    foldDelivered()
    state = .betweenMembers
  }

  /// Settles the bytes before the member, now that it has shown to be one.
  private mutating func confirm() {
    if member.start > classified {
      if brokenEnd > classified {
        noteBroken(at: min(brokenEnd, member.start))
      } else {
        noteGarbage()
      }
    }
    unfinishedStart = nil
    classify(to: min(member.start, brokenEnd), as: \.damagedBytes)
    classify(to: member.start, as: \.garbageBytes)
  }

  // MARK: - Damage

  /// Gives the member up at the reading position and decides where to go on.
  private mutating func fail(atEndOfFile: Bool) {
    if state == .inflating, startSecondPass() { return }
    let failure = window.offset
    foldDelivered()
    state = .searching

    // A wrong flag in the header shows at once, or after a few bytes that mean nothing.
    let isHeaderEndless = failure == member.start
    if member.isDue, member.attempt == 0, member.text.bytes < Self.trialBytes,
      !atEndOfFile || isHeaderEndless, let attempt = successfulGuess()
    {
      if member.text.bytes > 0 { isAfterGap = true }
      return enter(Member(start: member.start, contentStart: 0, isDue: true, attempt: attempt))
    }

    if member.text.bytes > 0 {
      brokenEnd = failure
      doubtfulEnd = failure
      if !atEndOfFile { noteBroken(at: failure) }
    }
    if !atEndOfFile {
      isAfterGap = true
      if unfinishedStart == nil, member.text.bytes == 0 { noteGarbage() }
    } else if unfinishedStart == nil {
      // The file is truncated, if no other member turns up inside this one.
      unfinishedStart = member.start
    }
    resume(at: member.start + 1, insteadOf: max(failure, member.start + 1))
  }

  /// Goes back to an earlier byte, unless the file has made us do so too often.
  private mutating func resume(at offset: Int, insteadOf alternative: Int) {
    let target = max(offset, window.source.isSeekable ? 0 : alternative - InputWindow.history)
    let cost = max(0, alternative - target)
    if reread + cost <= rereadLimit, window.move(to: target) {
      reread += cost
    } else {
      _ = window.move(to: alternative)
    }
  }

  private var rereadLimit: Int {
    Self.rereadAllowance + Self.rereadFactor * window.furthestOffset
  }

  /// Looks for the next member.
  private mutating func search() {
    while window.fill(1) {
      guard let distance = window.distance(to: GzipHeader.magic[0]) else {
        window.advance(by: window.available)
        continue
      }
      window.advance(by: distance)
      _ = window.fill(GzipHeader.shortest)
      let isStrict = window.offset < doubtfulEnd || reread > rereadLimit
      let isTypical = unsafe GzipHeader.isTypical(window.unread)
      guard window[1] == GzipHeader.magic[1], window[2] == GzipHeader.magic[2],
        !isStrict || isTypical && startsMember()
      else {
        window.advance(by: 1)
        continue
      }
      isAfterGap = true
      return enter(Member(start: window.offset, contentStart: 0, isDue: false))
    }
    end()
  }

  /// Tries the member with other flags than its header has, and stays at its start.
  ///
  /// - Returns: The ``Member/attempt`` that decodes well, or `nil`.
  private mutating func successfulGuess() -> Int? {
    let failure = window.offset
    for (index, guess) in GzipHeader.Reading.guesses.enumerated() {
      guard window.move(to: member.start) else { break }
      _ = window.fill(GzipHeader.longest)
      guard let first = window[0], let second = window[1], let third = window[2],
        Container.isNearlyGzip([first, second, third]),
        case .header(let length, _) = unsafe GzipHeader.parse(window.unread, as: guess)
      else { continue }
      window.advance(by: length)
      if decodesWell(), window.move(to: member.start) { return index + 1 }
    }
    _ = window.move(to: failure)
    return nil
  }

  /// Whether a member at the reading position decodes well; stays there.
  private mutating func startsMember() -> Bool {
    let start = window.offset
    _ = window.fill(GzipHeader.longest)
    guard case .header(let length, _) = unsafe GzipHeader.parse(window.unread, as: .asWritten)
    else { return false }
    window.advance(by: length)
    let result = decodesWell()
    reread += window.offset - start
    return window.move(to: start) && result
  }

  /// Whether DEFLATE at the reading position gives a fair amount of text, or ends well.
  private mutating func decodesWell() -> Bool {
    guard startSecondDecoder() else { return false }
    var text = Checksum()
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.trialBytes, alignment: 1)
    defer { unsafe scratch.deallocate() }
    while text.bytes < Self.trialBytes {
      _ = window.fill(1)
      guard let step = unsafe zlib?.inflate(window.unread, into: scratch) else { return false }
      window.advance(by: step.consumed)
      unsafe text.update(UnsafeRawBufferPointer(rebasing: scratch[..<step.produced]))
      switch step.outcome {
      case .failed: return false
      case .more: if step.consumed == 0, step.produced == 0 { return false }
      case .ended:
        return text.bytes > 0 && window.fill(8)
          && text.matches(crc: littleEndianWord(at: 0), length: littleEndianWord(at: 4))
      }
    }
    return true
  }

  /// Settles the last bytes of the file.
  private mutating func end() {
    state = .ended
    if let start = unfinishedStart, start >= classified {
      classify(to: min(start, brokenEnd), as: \.damagedBytes)
      classify(to: start, as: \.garbageBytes)
      classify(to: window.offset, as: \.damagedBytes)
      noteTruncation()
    } else {
      if classified < window.offset, brokenEnd <= classified { noteGarbage() }
      classify(to: min(window.offset, brokenEnd), as: \.damagedBytes)
      classify(to: window.offset, as: \.garbageBytes)
    }
  }

  private mutating func noteTruncation() {
    ledger.truncatedAtByte = window.offset
    ledger.note(
      .truncated,
      "The file ends inside a gzip member at byte \(window.offset); everything before was read; fetch the file again if its writer has finished."
    )
  }

  private mutating func noteBroken(at offset: Int) {
    ledger.note(
      .damaged,
      "The gzip member that starts at byte \(member.isDue ? member.start : classified) is damaged at byte \(offset) or before; text is missing there; fetch the file again."
    )
  }

  private mutating func noteGarbage() {
    ledger.note(
      .damaged,
      "From byte \(classified) on the file holds bytes that are no gzip member; they were skipped; fetch the file again."
    )
  }

  // MARK: - Second pass

  /// Starts the member again with zlib; `false` when zlib's is the judgement at hand.
  private mutating func startSecondPass() -> Bool {
    guard !member.isSecondPass, preferred.engine != .zlib, startSecondDecoder(),
      window.move(to: member.start), window.fill(member.contentStart - member.start)
    else { return false }
    window.advance(by: member.contentStart - member.start)
    foldDelivered()
    member.alreadyDelivered = member.text.bytes
    member.text = Checksum()
    member.isSecondPass = true
    return true
  }

  private mutating func startSecondDecoder() -> Bool {
    if zlib == nil { zlib = Inflater(engine: .zlib) }
    zlib?.reset()
    return zlib != nil
  }

  // MARK: - Accounts

  private mutating func classify(
    to offset: Int, as column: WritableKeyPath<ContainerAccount, Int>
  ) {
    guard offset > classified else { return }
    ledger[keyPath: column] += offset - classified
    classified = offset
  }

  private mutating func foldDelivered() {
    content.append(delivered)
    delivered = Checksum()
  }

  private func littleEndianWord(at distance: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(window[distance + $1] ?? 0) << UInt32(8 * $1) }
  }

  /// The system's error number that ended the reading, or 0.
  var failure: Int32 { window.source.failure }
}
