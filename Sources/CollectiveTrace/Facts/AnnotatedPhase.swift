// SPDX-License-Identifier: Apache-2.0

/// What a job was doing, as a person or framework named a stretch of a trace.
public enum AnnotatedPhase: UInt8, Sendable, BitwiseCopyable {
  /// No name around the moment says it.
  case none = 0
  /// The forward pass.
  case forward
  /// The backward pass.
  case backward
  /// The update of the parameters.
  case optimizer
  /// An inference engine working on prompts.
  case prefill
  /// An inference engine making tokens.
  case decode

  /// Reads the name of a stretch.
  ///
  /// Words count, not parts of words (`decoder` is a layer); a name with the words of two phases
  /// (`forward_backward_func`) says neither. vLLM names a pass by the requests in it:
  /// `execute_context_2(512)_generation_0(0)` is a prefill, with generations alone it is a decode.
  init(label: String) {
    self = .none
    var words: [Substring] = []
    var numbers: [Substring: Int] = [:]
    for piece in label.split(whereSeparator: { !$0.isASCII || !($0.isLetter || $0.isNumber) }) {
      if let word = words.last, let number = Int(piece) {
        numbers[word] = numbers[word] ?? number
      } else {
        words.append(contentsOf: Self.words(of: piece))
      }
    }
    if words.starts(with: ["execute", "context"]), let prompts = numbers["context"],
      let generations = numbers["generation"]
    {
      if prompts > 0, generations == 0 { self = .prefill }
      if prompts == 0, generations > 0 { self = .decode }
      return
    }
    for word in words {
      let phase: AnnotatedPhase =
        switch word {
        case "forward", "fwd": .forward
        case "backward", "bwd": .backward
        case "optimizer", "optim": .optimizer
        case "prefill": .prefill
        case "decode": .decode
        default: .none
        }
      guard phase != .none, phase != self else { continue }
      guard self == .none else {
        self = .none
        return
      }
      self = phase
    }
  }

  /// The words of `DataParallelForward` and `data`, in lower case.
  private static func words(of piece: Substring) -> [Substring] {
    var words: [Substring] = []
    var start = piece.startIndex
    for index in piece.indices where index > start {
      if piece[index].isUppercase, !piece[piece.index(before: index)].isUppercase {
        words.append(Substring(piece[start..<index].lowercased()))
        start = index
      }
    }
    words.append(Substring(piece[start...].lowercased()))
    return words
  }
}
