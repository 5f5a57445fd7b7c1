// SPDX-License-Identifier: Apache-2.0

extension ShellScript {
  /// The value of whole numbers, variables, `+ - * / %` and brackets; unknown if it is more.
  func arithmetic(_ expression: String) -> String {
    guard expression.utf8.count <= 256 else { return String(Self.unknown) }
    var numbers: [Int] = []
    var operators: [Character] = []
    var marks: Set<Character> = []
    var isOperandNext = true
    var rest = Substring(expression)
    func precedence(_ sign: Character) -> Int {
      sign == "(" ? 0 : sign == "+" || sign == "-" ? 1 : 2
    }
    func reduce() -> Bool {
      guard let sign = operators.popLast(), let right = numbers.popLast(),
        let left = numbers.popLast(), let result = Self.compute(left, sign, right)
      else { return false }
      numbers.append(result)
      return true
    }
    while let character = rest.first {
      if character.isWhitespace || character == "$" || character == "{" || character == "}" {
        rest.removeFirst()
      } else if character.utf8.allSatisfy(Self.isName) {
        let word = rest.prefix { $0.utf8.allSatisfy(Self.isName) }
        rest = rest.dropFirst(word.count)
        var text = String(word)
        if word.first?.isNumber == false {
          text = value(of: text).map(\.text).joined(separator: " ")
          for mark in [Self.assumed, Self.conditional] where text.contains(mark) {
            marks.insert(mark)
          }
          text.removeAll { $0 == Self.assumed || $0 == Self.conditional }
        }
        guard isOperandNext, let number = ConfigurationNode.decimal(text) else {
          return String(Self.unknown)
        }
        numbers.append(number)
        isOperandNext = false
      } else {
        rest.removeFirst()
        switch character {
        case "(" where isOperandNext:
          operators.append(character)
        case ")" where !isOperandNext:
          while let top = operators.last, top != "(" {
            guard reduce() else { return String(Self.unknown) }
          }
          guard operators.popLast() == "(" else { return String(Self.unknown) }
        case "+", "-", "*", "/", "%":
          guard !isOperandNext else { return String(Self.unknown) }
          while let top = operators.last, precedence(top) >= precedence(character) {
            guard reduce() else { return String(Self.unknown) }
          }
          operators.append(character)
          isOperandNext = true
        default: return String(Self.unknown)
        }
      }
    }
    while !operators.isEmpty {
      guard operators.last != "(", reduce() else { return String(Self.unknown) }
    }
    guard numbers.count == 1, let result = numbers.first, result >= 0 else {
      return String(Self.unknown)
    }
    return String(result) + String(marks.sorted())
  }

  private static func compute(_ left: Int, _ sign: Character, _ right: Int) -> Int? {
    let (value, overflow): (Int, Bool) =
      switch sign {
      case "+": left.addingReportingOverflow(right)
      case "-": left.subtractingReportingOverflow(right)
      case "*": left.multipliedReportingOverflow(by: right)
      case "/": left.dividedReportingOverflow(by: right)
      case "%": left.remainderReportingOverflow(dividingBy: right)
      default: (0, true)
      }
    return overflow ? nil : value
  }
}
