// SPDX-License-Identifier: Apache-2.0

/// Words that say nothing about who ran a job and where.
///
/// A list of what may stay, not of what must go: a name that nobody thought of is replaced. It is
/// made of all words in NCCL's own messages and of the few below, which NCCL, launchers and
/// reports print in places where a name could stand too.
struct SafeWords: Sendable {
  /// The list; built at first use.
  static let shared = SafeWords()

  private let words: Set<String>
  /// What a launcher's header calls the things that the job's description has.
  private let launchKeys: Set<String>
  private let paths: Set<String>

  private init() {
    var words = Set(Self.split(Self.other))
    for literal in MessageCatalogue.shared.literals {
      words.formUnion(Self.words(in: literal))
    }
    launchKeys = LaunchVocabulary.allNames.union(["size"])
    words.formUnion(launchKeys)
    words.formUnion(launchKeys.map { $0.replacing("_", with: "-") })
    self.words = words
    paths = Set(Self.split(Self.folders))
  }

  /// Whether a word is in the list.
  func contains(_ word: String) -> Bool { words.contains(word) }

  /// Whether a word may stay for what it is made of.
  static func isPattern(_ word: String) -> Bool {
    isDevice(word) || isSymbol(word) || isGroup(word) || isLibrary(word)
  }

  /// Whether the number after this word belongs to the job's layout.
  func isLaunchKey(_ word: String) -> Bool { launchKeys.contains(word) }

  /// Whether a part of a path may stay: system folders, NCCL's libraries and source files.
  func isFolder(_ part: String) -> Bool {
    if paths.contains(part) || Self.isSourceFile(part) { return true }
    // `cuda-12.4`, `python3.11`, `nccl_2.21.5`, `libnccl.so.2`
    let stem = part.prefix { $0.isLetter }
    let rest = part.dropFirst(stem.count)
    if ["cuda", "python", "nccl", "rccl", "rocm", "torch", "openmpi"].contains(stem) {
      return rest.utf8.allSatisfy { "0123456789.-_".utf8.contains($0) }
    }
    return Self.isLibrary(part)
  }

  /// Bytes that words are made of, besides those of other alphabets.
  static func isWordByte(_ byte: UInt8) -> Bool {
    byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == 0x5F || byte == 0x2D
      || byte == 0x2E || byte >= 0x80
  }

  /// The words of a text, without dots and dashes around them.
  static func words(in text: some Sequence<UInt8>) -> [String] {
    var words: [String] = []
    var word: [UInt8] = []
    func end() {
      while let last = word.last, last == 0x2E || last == 0x2D { word.removeLast() }
      if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
      word = []
    }
    for byte in text {
      if isWordByte(byte), !(word.isEmpty && (byte == 0x2E || byte == 0x2D)) {
        word.append(byte)
      } else if !word.isEmpty {
        end()
      }
    }
    end()
    return words
  }

  private static func split(_ text: StaticString) -> [String] {
    text.description.split { $0 == " " || $0 == "\n" }.map(String.init)
  }

  // MARK: - Patterns

  /// Whether a word is a device by its usual name and number: `mlx5_0`, `enp1s0f0`, `rank3`.
  private static func isDevice(_ word: String) -> Bool {
    guard word.utf8.count <= 24, word.last?.isNumber == true else { return false }
    let parts = word.split { $0.isASCII && $0.isNumber }
    guard let first = parts.first, devices.contains(String(first)) else { return false }
    return word.first?.isLetter == true && parts.dropFirst().allSatisfy { ports.contains($0) }
  }

  private static let devices = Set(
    split(
      """
      rank Rank gfx mlx bnxt_re irdma hfi efa_ efa rdmap rocep qedr cxgb hns_ ionic_ rxe siw eth ib ibs ibp
      bond lo docker virbr enp eno ens enP hsn cxi net uverbs umad GPU NIC IBext_v pci
      """))

  private static let ports: Set<Substring> = ["_", "s", "f", "np", "d", "v", "p", "_bond_"]

  /// Whether a word is one of NCCL's libraries: `libnccl.so.2`.
  private static func isLibrary(_ word: String) -> Bool {
    guard let mark = word.firstRange(of: ".so") else { return false }
    return libraries.contains(String(word[..<mark.lowerBound]))
      && word[mark.upperBound...].utf8.allSatisfy { "0123456789.".utf8.contains($0) }
  }

  /// Whether a word is a name in NCCL's interface: `ncclCommSplit`, `NCCL_ALGO`.
  private static func isSymbol(_ word: String) -> Bool {
    if word.hasPrefix("NCCL_") || word.hasPrefix("RCCL_") {
      return word.utf8.allSatisfy { $0 &- 0x41 < 26 || $0 &- 0x30 < 10 || $0 == 0x5F }
    }
    guard word.hasPrefix("nccl"), let next = word.utf8.dropFirst(4).first, next &- 0x41 < 26
    else { return isSourceFile(word) }
    return word.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 }
  }

  /// Whether a word is a source file of NCCL or RCCL: `socket.cc`.
  private static func isSourceFile(_ word: String) -> Bool {
    guard let dot = word.lastIndex(of: "."),
      ["cc", "cu", "cpp", "h", "hpp"].contains(word[word.index(after: dot)...])
    else { return false }
    return sources.contains(String(word[..<dot]))
  }

  private static let sources = Set(
    split(
      """
      init enqueue group channel transport bootstrap proxy debug socket net_ib net_socket p2p shm net
      coll_net nvls topo paths search rings trees connect tuning xml utils param argcheck cudawrap
      ibvwrap ibvsymbols gdrwrap nvmlwrap ipcsocket shmutils strongstream register coll_reg
      sendrecv_reg mnnvl ras client_support rasnet plugin profiler tuner alloc checks comm collectives
      generic device common graph core allocator mem_manager dev_runtime sym_kernels symmetric
      plugin_open env gin rma ce_coll rocmwrap rocm_smi_wrap archinfo api_trace signals npkit
      msccl_lifecycle msccl_parser msccl_setup msccl_status nccl_net nccl_tuner nccl_profiler net_v8
      """))

  /// Whether a word names a process group by what it is for: `DATA_PARALLEL_GROUP`, `tp_0`.
  private static func isGroup(_ word: String) -> Bool {
    let parts = word.lowercased().split { !$0.isLetter }
    return !parts.isEmpty && parts.allSatisfy { groups.contains(String($0)) }
      && word.utf8.allSatisfy { $0 < 0x80 }
  }

  private static let groups = Set(
    split(
      """
      tp pp dp cp ep sp mp edp etp expdp exp emb embd embedding embeddings fsdp hsdp repl replicate
      shard tensor pipeline data context expert experts model parallel group groups pg default world
      undefined and with without position first last stage local global intra inter node nodes mesh
      gloo nccl process distributed optimizer amax mod in dist rank
      """))

  private static let libraries = Set(
    split(
      """
      libnccl libnccl-net libnccl-tuner libnccl-profiler libnccl-env libnccl-gin librccl librccl-net
      libcuda libcudart libnvidia-ml libibverbs libmlx5 libefa libfabric libtorch_cuda libgdrapi
      libnccl-profiler-inspector libnccl-profiler-example
      """))

  private static let folders: StaticString = """
    . .. usr lib lib64 lib32 local opt etc tmp var run bin sbin include share home root mnt shm src
    build device x86_64-linux-gnu aarch64-linux-gnu site-packages dist-packages nvidia nccl rccl
    cuda rocm torch targets x86_64-linux sbsa-linux misc transport graph collectives enqueue init
    libibverbs.d null zero
    """

  /// Words that formats of NCCL leave to `%s`, and those of what else is kept in a log.
  private static let other: StaticString = """
    nil NVIDIA AMD GT Gb PCIe PCI xGMI rec src misc include collectives device transport allreduce allgather reducescatter broadcast alltoall sendrecv
    NCCL RCCL INFO WARN TRACE CALL ABORT VERSION ALL INIT COLL P2P SHM NET GRAPH TUNING ENV ALLOC
    PROXY NVLS BOOTSTRAP REG PROFILE RAS DESTROY
    AllReduce AllGather ReduceScatter Broadcast Bcast Reduce Send Recv AlltoAll AllToAll AllToAllv
    AllToAllPivot Gather Scatter PutSignal Signal WaitSignal mscclFuncReduce mscclFuncBroadcast
    mscclFuncAllReduce mscclFuncReduceScatter mscclFuncAllGather mscclFuncSend mscclFuncRecv
    mscclFuncGather mscclFuncScatter mscclFuncAllToAll mscclFuncAllToAllv mscclpp_ncclAllReduce
    mscclpp_ncclAllGather ALLREDUCE ALLGATHER _ALLGATHER_BASE REDUCE_SCATTER _REDUCE_SCATTER_BASE
    BROADCAST REDUCE ALLTOALL ALLTOALL_BASE SEND RECV COALESCED GATHER SCATTER BARRIER
    RING Ring TREE Tree COLLNET_DIRECT CollNetDirect COLLNET_CHAIN CollNetChain NVLS_TREE NVLSTree
    NVLS PAT CollNet LL LL128 SIMPLE Simple
    AllReduce_AGxLL_R AllReduce_AGxLLMC_R AllReduce_RSxLD_AGxST AllReduce_RSxLDMC_AGxSTMC
    AllGather_LL AllGather_LLMC AllGather_ST AllGather_STMC ReduceScatter_LL ReduceScatter_LD
    ReduceScatter_LDMC
    IB Socket RoCE IPC CUMEM direct pointer read write GDRDMA GDR PXN Shared MNNVL Plugin MLX5
    SOCKET internal external memory indirect via comm send receive RO SHARP OOB Libfabric AWS
    OFI UCX FasTrak gIB nccl-net Ethernet InfiniBand NVLink NVL XGMI PIX PXB PHB SYS LOC NVB DIS NVS
    Connection refused reset by peer timed out No route to host Network is unreachable Success
    Broken pipe Resource temporarily unavailable Cannot allocate such file or directory Permission
    denied Operation not permitted supported now in progress Transport endpoint connected argument
    Invalid Software caused connection abort Interrupted system call Bad file descriptor address
    already use Too many open files space left on device Input output error Function implemented
    unhandled cuda usage remote process exited there was a network failure invalid result unknown
    out of driver shutting down not ready an illegal access encountered unspecified launch
    IBV_WC_SUCCESS IBV_WC_RETRY_EXC_ERR IBV_WC_RNR_RETRY_EXC_ERR IBV_WC_WR_FLUSH_ERR
    IBV_WC_LOC_PROT_ERR IBV_WC_REM_ACCESS_ERR IBV_WC_REM_OP_ERR IBV_WC_LOC_QP_OP_ERR
    HIP ROCm Hostname Librccl path HEAD develop version git HPC
    repeated across cluster pid ip RayWorkerWrapper stdout stderr default worker ranks
    x86_64 arm64 aarch64 ppc64 GenuineIntel AuthenticAMD CentaurHauls nan NaN inf true false True
    False None null auto yes no on off enabled disabled
    bfloat16 float16 float32 bf16 fp16 fp32 half float torch.bfloat16 torch.float16 torch.float32 dtype
    using world data-parallel data-parallel-size context-parallel tensor-model-parallel
    pipeline-model-parallel new padded vocab with dummy tokens arguments end config.py print DEBUG
    WARNING ERROR Building D mesh parallelism args Namespace api_server LLM engine config
    server_args ServerArgs non-default initialized full selective
    Watchdog caught collective operation timeout WorkNCCL SeqNum OpType NumelIn NumelOut Timeout
    ran for milliseconds seconds before ProcessGroupNCCL.cpp E W I
    nThread nGpus minBytes maxBytes step warmup iters agg validation graph blocking Using devices
    Group Pid size count type redop root time algbw busbw wrong out-of-place in-place us B elements
    GB float int8 uint8 int32 uint32 int64 uint64 double sum prod max min avg none Avg bus bandwidth
    Out bounds values OK FAILED Collective test concluded starting nccl-tests rccl-tests nccl-headers
    nccl-library all_reduce_perf all_gather_perf reduce_scatter_perf alltoall_perf broadcast_perf
    sendrecv_perf reduce_perf Host
    compiled CUDA runtime Job summary Nodes Processes GPUs total per node process Communicators
    Comms Ranks Status Errors Warnings RUNNING MISMATCH INIT FINALIZE ABORT ERROR INCOMPLETE
    TIMEOUT DEAD UNKNOWN job summary Communicator have different launched up operation managed
    Process managing Missing communicator data from considered dead missing outlier status
    Asynchronous asynchronous initialization Initialization reported obtained Gathering Collected
    Travel times about communication information found find could not any operations counts
    NVML nccl_version cuda_runtime_version cuda_driver_version timestamp communicators_count
    communicators hash host nvml_dev cuda_dev init_state async_error collective_counts missing_ranks
    destroy_flag abort_flag finalize_called considered_dead timeouts_count internal
    header metadata coll_perf p2p_perf inspector_output_format_version git_rev rec_mechanism
    dump_timestamp_us hostname id rank n_ranks nnodes coll coll_sn coll_msg_size_bytes
    coll_exec_time_us coll_timing_source coll_algobw_gbs coll_busbw_gbs event_trace_sn
    event_trace_ts kernel_gpu kernel_cpu collective_cpu coll_start_ts coll_stop_ts kernel_events
    kernel_start_ts kernel_stop_ts kernel_record_ts channel_id kernel_start_sn kernel_stop_sn
    kernel_record_sn coll_start_sn coll_stop_sn comm_name peer p2p p2p_sn p2p_msg_size_bytes
    p2p_exec_time_us p2p_timing_source p2p_algobw_gbs p2p_busbw_gbs stone
    system cpu pci gpu nvlink net nic xgmi c2c pcilink graphs channel numaid affinity arch vendor
    familyid modelid busid class link_speed link_width subsystem_vendor subsystem_device dev sm gcn
    gdr nchannels bw target tclass name guid port latency speed maxconn coll host_hash pattern
    crossnic typeintra typeinter speedintra speedinter latencyinter samechannels algo mlopart plane
    rail xml encoding utf-8 topology graph
    """
}
