// SPDX-License-Identifier: Apache-2.0

/// The process groups of PyTorch that a trace names.
///
/// A group is told apart by its name and its ranks: names are numbers that recur between groups
/// made without the others' knowledge. Old traces give a pointer instead.
struct ProcessGroups {
  /// One group.
  struct Group {
    /// `Process Group Name` or `pg_name`; empty when not stated.
    var name = ""
    /// `Process Group Description` or `pg_desc`; empty when not stated.
    var details = ""
    /// The address of the object in old traces, else 0.
    var pointer: UInt64 = 0
    /// Number of ranks; 0 when not stated.
    var size = 0
    /// Global ranks by rank in the group; empty when not stated in full.
    var members: [Int] = []
    /// The rank in the group that the caller states; -1 when it does not.
    var ownRank = -1
  }

  /// A group as an event names it.
  struct Key: Hashable {
    var name = ""
    /// As printed, in full or not.
    var ranks = ""
    var pointer: UInt64 = 0
    var size = 0
    var start: Int64 = -1
    var stride: Int64 = -1
    /// Not part of the identity.
    var details = ""

    static func == (a: Key, b: Key) -> Bool {
      a.name == b.name && a.ranks == b.ranks && a.pointer == b.pointer && a.size == b.size
        && a.start == b.start && a.stride == b.stride
    }
    func hash(into hasher: inout Hasher) {
      hasher.combine(name)
      hasher.combine(ranks)
      hasher.combine(pointer)
      hasher.combine(size)
    }
  }

  private(set) var groups: [Group] = []
  private var numbers: [Key: Int32] = [:]
  private var members = 0
  /// Groups that found no place.
  private(set) var notKept = 0

  /// The number of a group; -1 when nothing names it or the table is full.
  mutating func number(of key: Key) -> Int32 {
    if let known = numbers[key] { return known }
    guard !key.name.isEmpty || !key.ranks.isEmpty || key.pointer != 0 || key.size > 0 else {
      return -1
    }
    guard numbers.count < KinetoStore.maximumGroups else {
      notKept += 1
      return -1
    }
    var group = Group(
      name: key.name, details: key.details, pointer: key.pointer, size: max(0, key.size))
    group.members = limited(ranks(of: key))
    let number: Int32
    // A kernel's metadata lack what the host's call has: the same group all the same.
    if let same = groups.firstIndex(where: { Self.isSame($0, group) }) {
      merge(group, into: same)
      number = Int32(same)
    } else {
      groups.append(group)
      number = Int32(groups.count - 1)
    }
    numbers[key] = number
    return number
  }

  /// Notes the rank that a caller has in a group.
  mutating func note(ownRank rank: Int, of group: Int32) {
    guard groups.indices.contains(Int(group)), rank >= 0 else { return }
    let size = groups[Int(group)].size
    if size == 0 || rank < size { groups[Int(group)].ownRank = rank }
  }

  /// Adds what `pg_config` says.
  mutating func addConfigured(_ configured: Group) {
    if let same = groups.firstIndex(where: { Self.isSame($0, configured) }) {
      merge(configured, into: same)
    } else if groups.count < KinetoStore.maximumGroups {
      groups.append(configured)
    } else {
      notKept += 1
    }
  }

  /// The members, unless those of all groups together are too many.
  mutating func limited(_ ranks: [Int]) -> [Int] {
    guard members + ranks.count <= KinetoStore.maximumMembers else { return [] }
    members += ranks.count
    return ranks
  }

  private static func isSame(_ a: Group, _ b: Group) -> Bool {
    guard a.name == b.name, a.pointer == b.pointer, !a.name.isEmpty || a.pointer != 0 else {
      return a.name.isEmpty && b.name.isEmpty && a.pointer == b.pointer && a.size == b.size
        && a.members == b.members
    }
    return (a.size == 0 || b.size == 0 || a.size == b.size)
      && (a.members.isEmpty || b.members.isEmpty || a.members == b.members)
  }

  private mutating func merge(_ other: Group, into index: Int) {
    if groups[index].size == 0 { groups[index].size = other.size }
    if groups[index].details.isEmpty { groups[index].details = other.details }
    if groups[index].members.isEmpty { groups[index].members = other.members }
    if groups[index].ownRank < 0 { groups[index].ownRank = other.ownRank }
  }

  /// The ranks that a key lists, or describes by the first and the distance.
  private func ranks(of key: Key) -> [Int] {
    if let listed = Self.ranks(key.ranks), key.size == 0 || listed.count == key.size {
      return listed
    }
    guard key.size > 0, key.size <= 1 << 17, key.start >= 0,
      key.start < 1 << 31, key.stride > 0, key.stride < 1 << 31
    else { return [] }
    return (0..<key.size).map { Int(key.start) + $0 * Int(key.stride) }
  }

  /// The numbers of a list like `[0, 1, 2]`; `nil` when some are left out (`...`) or are none.
  static func ranks(_ text: String) -> [Int]? {
    var ranks: [Int] = []
    var value: Int?
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39:
        let digit = Int(byte - 0x30)
        let next = (value ?? 0).multipliedReportingOverflow(by: 10)
        guard !next.overflow, next.partialValue < 1 << 40 else { return nil }
        value = next.partialValue + digit
      case 0x2C, 0x5D:
        if let rank = value { ranks.append(rank) }
        value = nil
      case 0x5B, 0x20: break
      default: return nil
      }
    }
    return ranks.isEmpty ? nil : ranks
  }
}
