// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CollectiveTrace

/// The links of paths, read off the fixtures by hand.
@Suite struct TopologyRouteTests {
  /// `+` is the forward direction.
  private func text(_ hops: [TopologyHop]?) -> String? {
    hops?.map { hop in
      let name =
        switch hop.link {
        case .pci(.gpu(let index)): "gpu\(index)"
        case .pci(.adapter(let index)): "card\(index)"
        case .pci(.bridge(let index)): "switch\(index)"
        case .net(let index): "net\(index)"
        case .fabric(let gpu): "fabric\(gpu)"
        case .peers(let a, let b): "peers\(a)-\(b)"
        case .processorFabric(let gpu, let processor): "c2c\(gpu)-\(processor)"
        case .processors(let a, let b): "numa\(a)-\(b)"
        case .bridges(let a, let b): "bridges\(a)-\(b)"
        }
      return (hop.isForward ? "+" : "-") + name
    }.joined(separator: " ")
  }

  @Test func overAFabricAndThroughTheGPUBesideTheCard() throws {
    let paths = PathTable(try topology(fixture: "dgx-like"))
    #expect(text(paths.route(fromGPU: 0, toGPU: 5)) == "+fabric0 -fabric5")
    #expect(text(paths.route(fromGPU: 0, toGPU: 0)) == "")
    #expect(text(paths.route(fromGPU: 2, toNet: 2)) == "+gpu2 -card2 +net2")
    #expect(text(paths.route(fromGPU: 2, toNet: 6)) == "+fabric2 -fabric6 +gpu6 -card6 +net6")
    #expect(
      text(paths.route(fromGPU: 2, toNet: 6, way: .throughGPU(6)))
        == "+fabric2 -fabric6 +gpu6 -card6 +net6")
    #expect(
      text(paths.route(fromGPU: 2, toNet: 6, way: .direct))
        == "+gpu2 +switch2 +numa0-1 -switch6 -card6 +net6")
    #expect(text(paths.route(fromNet: 2, toGPU: 2)) == "-net2 +card2 -gpu2")
    #expect(
      text(paths.route(fromNet: 6, toGPU: 2)) == "-net6 +card6 +switch6 -numa0-1 -switch2 -gpu2")
    #expect(
      text(paths.route(fromGPU: 2, toNet: 2, way: .throughHost))
        == "+gpu2 +switch2 -switch2 -card2 +net2")
  }

  @Test func overPCIBetweenSockets() throws {
    let paths = PathTable(try topology(fixture: "pcie-only"))
    #expect(text(paths.route(fromGPU: 0, toGPU: 1)) == "+gpu0 -gpu1")
    #expect(text(paths.route(fromGPU: 0, toGPU: 3)) == "+gpu0 +switch0 +numa0-1 -switch1 -gpu3")
    #expect(text(paths.route(fromGPU: 3, toGPU: 0)) == "+gpu3 +switch1 -numa0-1 -switch0 -gpu0")
    #expect(
      text(paths.route(fromGPU: 0, toGPU: 1, way: .throughHost))
        == "+gpu0 +switch0 -switch0 -gpu1")
    // The second card has no GPUDirect RDMA.
    #expect(text(paths.route(fromGPU: 2, toNet: 1)) == "+gpu2 +switch1 -switch1 -card1 +net1")
    #expect(text(paths.route(fromNet: 1, toGPU: 2)) == "-net1 +card1 +switch1 -switch1 -gpu2")
    #expect(text(paths.route(fromGPU: 2, toNet: 1, way: .direct)) == "+gpu2 -card1 +net1")
  }

  @Test func overC2CAndOverAMesh() throws {
    let grace = PathTable(try topology(fixture: "grace-like"))
    #expect(text(grace.route(fromGPU: 1, toNet: 1)) == "+c2c1-0 -card1 +net1")
    #expect(text(grace.route(fromNet: 1, toGPU: 1)) == "-net1 +card1 -c2c1-0")
    #expect(
      text(grace.route(fromGPU: 2, toNet: 0, way: .direct)) == "+c2c2-1 -numa0-1 -card0 +net0")
    #expect(text(grace.route(fromNet: 0, toGPU: 2)) == "-net0 +card0 +numa0-1 -c2c2-1")
    let mesh = PathTable(try topology(fixture: "mi300-like"))
    #expect(text(mesh.route(fromGPU: 6, toGPU: 2)) == "-peers2-6")
    #expect(text(mesh.route(fromGPU: 2, toGPU: 6)) == "+peers2-6")
  }

  /// Every path has as many links as the table says, and none is passed that is narrower.
  @Test(arguments: ["dgx-like", "pcie-only", "grace-like", "mi300-like", "cloud-vm"])
  func routesAgreeWithThePathTable(_ name: String) throws {
    let machine = try topology(fixture: name)
    let paths = PathTable(machine)
    func check(_ hops: [TopologyHop]?, _ path: TopologyPath) throws {
      guard path.type != .disconnected, path.type != .net else { return }
      let hops = try #require(hops)
      #expect(hops.count == path.hops)
      guard let bandwidth = path.bandwidth else { return }
      let stated = hops.compactMap { machine.bandwidth(of: $0.link) }
      #expect(stated.allSatisfy { $0 >= bandwidth })
      if stated.count == hops.count, !hops.isEmpty { #expect(stated.min() == bandwidth) }
    }
    for gpu in machine.gpus.indices {
      for peer in machine.gpus.indices {
        try check(paths.route(fromGPU: gpu, toGPU: peer), paths.gpuToGPU[gpu][peer])
      }
      for net in machine.nets.indices {
        try check(paths.route(fromGPU: gpu, toNet: net), paths.gpuToNet[gpu][net])
        try check(paths.route(fromNet: net, toGPU: gpu), paths.netToGPU[net][gpu])
      }
    }
  }

  @Test func partsThatAreNotThereHaveNoRoute() throws {
    let paths = PathTable(try topology(fixture: "pcie-only"))
    #expect(paths.route(fromGPU: 0, toGPU: 4) == nil)
    #expect(paths.route(fromGPU: 0, toNet: 2) == nil)
    #expect(paths.route(fromNet: 2, toGPU: 0) == nil)
    #expect(paths.route(fromGPU: 0, toNet: 0, way: .throughGPU(9)) == nil)
  }
}
