// SPDX-License-Identifier: Apache-2.0
// swift-format-ignore-file

/// The printf formats of every message that NCCL 2.3.5 to 2.30.7 and RCCL print.
///
/// Generated from the format catalogue; do not edit. It holds the first argument of every `INFO`,
/// `WARN`, `VERSION` and `TRACE_CALL` of all release tags, once per level, cut at its first line
/// break, with macro parameters as `%s` and the name that ends a transport as `%S`. Formats with
/// less than four characters of text of their own are left out, and those that
/// ``MessageCatalogue`` has rules for.
///
/// One row per line: level (`C` call, `I` info, `V` version, `W` warning), first release, last
/// release, format, separated by tabs; sorted by level, text before the first `%`, and the most
/// text first.
enum MessageFormats {
  static let table: StaticString = #"""
C	2024-10	2024-10	bootstrapIntraNodeBroadcast(rank=%d, nranks=%d, root=%d, bcastData=hash:0x%llx)
C	2024-10	2024-10	mscclpp_ncclCommDestroy
C	2024-10	2024-10	mscclpp_ncclCommInitRank (*comm=%p, nranks=%d, commId=hash:0x%llx, myrank=%d)
C	2024-10	2024-10	mscclpp_ncclGetUniqueId(0x%llx)
C	2.13.4	2.21.5	nccl%s(%lx,%lx,%zi,%d,%d,%d,%p,%p)
C	2.22.3	2.30.7	nccl%s(%lx,%lx,%zu,%d,%d,%d,%p,%p)
C	2.29.2	2.30.7	ncclCommGrow(%p, %d, %p)
C	2.16.5	2.30.7	ncclCommInitRank(%p, %d, 0x%llx, %d, %d)
C	2.13.4	2.15.5	ncclCommInitRank(%p,%d,0x%llx,%d,%d)
C	2.18.1	2.30.7	ncclCommSplit(%p, %d, %d, %p, %d, %d)
C	2.13.4	2.30.7	ncclGetUniqueId(0x%llx)
C	2.13.4	2.30.7	ncclGroupEnd()
C	2.22.3	2.30.7	ncclGroupSimulateEnd()
C	2.13.4	2.30.7	ncclGroupStart()
C	2.13.4	2.30.7	ncclRedOpCreatePreMulSum(%d,%p,%d,%d,%p)
C	2.13.4	2.30.7	ncclRedOpDestroy(%d,%p)
I	rocm-6.0.0	2024-10	%s: opCount %lx sendbuff %p recvbuff %p count %zi datatype %d op %d root %d comm %p [nranks=%d] stream %p task %d globalrank %d
I	2.20.3	2.30.7	%d coll channels, %d collnet channels, %d nvls channels, %d p2p channels, %d p2p channels per peer
I	2.29.2	2.30.7	%s comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx parent %p childCount %d color %d key %d - Init COMPLETE
I	2.24.3	2.28.9	%s comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx parent %p splitCount %d color %d key %d - Init COMPLETE
I	2.29.2	2.30.7	%s comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx parent %p childCount %d color %d key %d- Init START
I	2.24.3	2.28.9	%s comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx parent %p splitCount %d color %d key %d- Init START
I	2.13.4	2.13.4	%s:%d Cuda Alloc Size %ld pointer %p seconds: cudaStreamCreateWithFlags=%g cudaMalloc=%g
I	rocm-5.4.0	rocm-5.4.0	%s:%d Cuda Alloc Size %ld pointer %p seconds: hipStreamCreateWithFlags=%g hipMalloc=%g
I	2.30.3	2.30.7	%s : skipping sendbuff/recvbuff pointer check (one-sided RMA uses peerWin)
I	2.4.2	2.21.5	%s: opCount %lx sendbuff %p recvbuff %p count %zi datatype %d op %d root %d comm %p [nranks=%d] stream %p
I	2.22.3	2.30.7	%s: opCount %lx sendbuff %p recvbuff %p count %zu datatype %d op %d root %d comm %p [nranks=%d] stream %p
I	2.23.4	2.23.4	%s comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx parent %p color %d key %d - Init COMPLETE
I	2.23.4	2.23.4	%s comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx parent %p color %d key %d- Init START
I	2.17.1	2.19.4	%d coll channels, %d nvls channels, %d p2p channels, %d p2p channels per peer
I	2.23.4	2.30.7	%s comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx commId 0x%llx - Init COMPLETE
I	2.30.7	2.30.7	%s:%d (%s) CUMEM Host Alloc Size %zi pointer %p handle %llx numa %d dev %d granularity %ld
I	2.23.4	2.28.9	%s comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx commId 0x%llx - Init START
I	2.28.3	2.30.7	%s [Symmetric]: %ld Bytes -> Kernel %s nchannels %d nthreads %d nWorks %d
I	2.27.3	2.30.7	%s: connect to %s returned %s, retrying (%d/%ld) after sleep for %u msec
I	2.13.4	2.13.4	%s:%d Cuda Host Alloc Size %ld pointer %p seconds: cudaHostAlloc=%g
I	2.30.7	2.30.7	%s:%d (%s) Persistent cudaMallocAsync work buf Size %zu pointer %p
I	rocm-5.4.0	rocm-5.4.0	%s:%d Cuda Host Alloc Size %ld pointer %p seconds: hipHostAlloc=%g
I	2.24.3	2.26.6	%s: connect returned %s, retrying (%d/%ld) after sleep for %u msec
I	2.7.3	2.16.5	%d coll channels, %d p2p channels, %d p2p channels per peer
I	2.27.3	2.27.7	%s [Symmetric]: %ld Bytes -> Kernel %s nchannels %d nthreads %d
I	2.30.3	2.30.7	%s: tuner chunk size %zu exceeds buffer max %d, clamping
I	2.13.4	2.13.4	%s:%d Cuda Alloc Size %ld pointer %p seconds: cudaMalloc=%g
I	2.5.6	2.5.7	%d/%d -> %s : Assuming NVLink is connected to NVswitch
I	2.30.7	2.30.7	%s:%d (%s) Imported shareable buffer device %d size %zu ptr %p
I	2.30.7	2.30.7	%s:%d (%s) [RMA Proxy Progress Thread] state unknown %d
I	2.29.2	2.30.4	%s:%d -> [RMA Proxy Progress Thread] state unknown %d
I	rocm-5.4.0	rocm-5.4.0	%s:%d Cuda Alloc Size %ld pointer %p seconds: hipMalloc=%g
I	2.30.7	2.30.7	%s:%d (%s) Allocated shareable buffer %p size %zu ipcDesc %p
I	2.24.3	2.30.7	%s: %ld Bytes -> Algo %s proto %s channel{Lo..Hi}={%d..%d}
I	2.30.7	2.30.7	%s:%d (%s) Cuda CallocAsync Size %ld pointer %p memType %d
I	2.30.7	2.30.7	%s [Hierarchical CE]: %ld Bytes -> RMA proxy + CE
I	2.30.7	2.30.7	%s:%d (%s) Mem Realloc old size %ld, new size %ld pointer %p
I	2.30.7	2.30.7	%s:%d (%s) Persistent host work buf Size %zu pointer %p
I	2.30.7	2.30.7	%s:%d (%s) [GIN Progress Thread] state unknown %d
I	2.28.7	2.30.4	%s:%d -> [GIN Progress Thread] state unknown %d
I	2.29.7	2.30.4	%s:%d Cuda CallocAsync Size %ld pointer %p memType %d
I	2.30.7	2.30.7	%s:%d (%s) Allocated %ld bytes of shared memory in %s
I	rocm-6.2.0	2024-10	%s:%d Cuda calloc async size %ld pointer %p flags %d
I	2.30.7	2.30.7	%s:%d (%s) Cuda Calloc Size %ld pointer %p memType %d
I	2.29.2	2.30.7	%s [Copy Engine]: %ld Bytes -> cudaMemcpy%s
I	2.30.7	2.30.7	%s:%d (%s) Cuda Alloc Size %ld pointer %p memType %d
I	2.30.7	2.30.7	%s:%d (%s) memory stack non-hunk malloc(%llu)
I	2.30.7	2.30.7	%s:%d (%s) -> %d [RMA Proxy Progress Thread]
I	2.29.7	2.30.4	%s:%d Cuda Calloc Size %ld pointer %p memType %d
I	2.26.2	2.27.7	%s/Plugin: Plugin name set by env to %s
I	2.29.7	2.30.4	%s:%d Cuda Alloc Size %ld pointer %p memType %d
I	2.13.4	2.30.4	%s:%d memory stack non-hunk malloc(%llu)
I	2.30.7	2.30.7	%s:%d (%s) Cuda Host Alloc Size %ld pointer %p
I	2.30.7	2.30.7	%s:%d (%s) SHM path string Size %d pointer %p
I	2.30.7	2.30.7	%s:%d (%s) netName buffer Size %d pointer %p
I	2.29.2	2.30.4	%s:%d -> %d [RMA Proxy Progress Thread]
I	rocm-6.2.0	2024-10	%s:%d Cuda calloc size %ld pointer %p flags %d
I	rocm-6.2.0	2024-10	%s:%d Cuda malloc size %ld pointer %p flags %d
I	2.30.7	2.30.7	%s:%d (%s) Call to %s returned %s, retrying
I	2.30.7	2.30.7	%s:%d (%s) memory stack hunk malloc(%llu)
I	2.10.3	2.30.4	%s:%d Cuda Host Alloc Size %ld pointer %p
I	2.30.7	2.30.7	%s:%d (%s) -> %d [GIN Progress Thread]
I	2.30.7	2.30.7	%s:%d (%s) Host Calloc Size %ld pointer %p
I	2.13.4	2.30.4	%s:%d memory stack hunk malloc(%llu)
I	2.3.5	2.4.8	%d ring(s) set by environment
I	2.26.2	2.27.7	%s/Plugin: Could not find:%s. %s
I	2.28.7	2.30.4	%s:%d -> %d [GIN Progress Thread]
I	2.28.3	2.30.7	%s/Plugin: Could not find:%s%s%s
I	2.23.4	2.23.4	%s: %ld Bytes -> Algo %d proto %d time %f
I	2.30.7	2.30.7	%s:%d (%s) -> %d [Progress Thread]
I	2.30.7	2.30.7	%s:%d (%s) Ib Alloc Size %ld pointer %p
I	2.10.3	2.29.3	%s:%d Cuda Alloc Size %ld pointer %p
I	2.20.3	2.22.3	%ld Bytes -> Algo %d proto %d time %f
I	2.6.4	2.6.4	%s set from environment to %s
I	2.10.3	2.10.3	%s:%d Mem Alloc Size %ld pointer %p
I	2.12.10	2.30.7	%s set by environment to %lld.
I	2.3.5	2.12.7	%s set by environment to %lu.
I	2.19.1	2.30.4	%s:%d -> %d [Progress Thread]
I	2.10.3	2.30.4	%s:%d Ib Alloc Size %ld pointer %p
I	2.23.4	2.30.7	%s set by environment to %d
I	2.7.3	2.30.7	%s set by environment to %s
I	2.30.7	2.30.7	%s:%d (%s) -> %d [Async thread]
I	2.5.6	2.5.7	%s CPU (PCI %d, InterCpu %d)
I	2.28.7	2.30.7	%s: group size used is %d
I	2.30.7	2.30.7	%s:%d (%s) Cuda failure %d '%s'
I	2.30.7	2.30.7	%s:%d (%s) Cuda failure '%s'
I	2.3.5	2.30.4	%s:%d -> %d [Async thread]
I	2.4.2	2.18.6	%s:%d -> %d [Proxy Thread]
I	2.19.1	2.30.4	%s:%d Cuda failure %d '%s'
I	2.9.6	2.30.4	%s:%d Cuda failure '%s'
I	rocm-5.4.0	2024-10	%s:%d ROCr failure '%s'
I	2.12.7	2.30.7	%s() failed: %s
I	2.28.3	2.30.7	%s/Plugin: %s: %s
I	2.28.3	2.29.2	%s:%d -> error %d: %s
I	2.26.2	2.30.7	%s/Plugin: %s
I	2.30.7	2.30.7	%s:%d (%s) -> %d (%s)
I	2.5.6	2.5.7	%s -> %x/%lx/%d/%d
I	2.30.7	2.30.7	%s:%d (%s) -> %d
I	2.18.3	2.30.4	%s:%d -> %d (%s)
I	2.3.5	2.30.4	%s:%d -> %d
I	rocm-3.5.0	rocm-4.5.0	# %4d %6.4f %6.4f %6.4f %6.2f %6.2f %7.2f %6.2f %6.2f %6.2f %6.2f %6.2f
I	rocm-5.0.0	rocm-5.0.0	# %4d %6.4f %6.4f %6.4f %6.4f %6.2f %6.2f %7.2f %6.2f %6.2f %6.2f %6.2f %6.2f
I	rocm-4.5.0	rocm-5.0.0	# [%03d:%02d] Proxy Recv %6.2f GB/s (%ld bytes %d measurements)
I	rocm-4.5.0	rocm-5.0.0	# [%03d:%02d] Proxy Send %6.2f GB/s (%ld bytes %d measurements)
I	rocm-5.0.0	rocm-5.0.0	# [%03d:%02d] Proxy Recv %7.3f ms (%ld bytes %d measurements)
I	rocm-5.0.0	rocm-5.0.0	# [%03d:%02d] Proxy Send %7.3f ms (%ld bytes %d measurements)
I	rocm-5.4.0	2024-10	# [%02d:%02d] %02d-%02d L:%04u %6.2fus
I	rocm-5.0.0	rocm-5.0.0	# [%03d:%02d] %7.3f %7.3f %7.3f %7.3f %7.3f %7.3f %7.3f %7.3f %7.3f
I	2.14.3	2.30.7	=== System : maxBw %2.1f totalBw %2.1f ===
I	2.8.3	2.13.4	=== System : maxWidth %2.1f totalWidth %2.1f ===
I	2.5.6	2.5.7	=== System : maxWidth %2d maxSpeed %2d ===
I	2.6.4	2.7.8	=== System : maxWidth %2.1f ===
I	2.5.6	2.30.7	==========================================
I	2.3.7	2.3.7	AllGather: opCount %lx sendbuff %p recvbuff %p count %zi datatype %d op %d root %d comm %p [nranks=%d] stream %p
I	2.3.7	2.3.7	AllReduce: opCount %lx sendbuff %p recvbuff %p count %zi datatype %d op %d root %d comm %p [nranks=%d] stream %p
I	2.14.3	2.15.5	Allocated %d bytes of shared memory in %s
I	2.16.2	2.30.4	Allocated %ld bytes of shared memory in %s
I	2.18.1	2.21.5	Allocated shareable buffer %p size %zi ipcDesc %p
I	2.22.3	2.30.4	Allocated shareable buffer %p size %zu ipcDesc %p
I	2.28.7	2.30.4	Assigned GIN plugin %s to comm
I	2.27.3	2.30.7	Assigned NET plugin %s to comm
I	2.29.2	2.30.4	Assigned RMA plugin %s to comm
I	2.4.2	2.4.8	Assuming NVLink is connected to NVswitch
I	2.30.7	2.30.7	Binding multicast memory at big=%lx size=%zu to team {%d x %d}
I	2.28.3	2.30.4	Binding multicast memory at big=%lx to team {%d x %d}
I	2.4.8	2.23.4	Bootstrap : Using%s
I	2.23.4	2.30.7	Bootstrap timings total %f (create %f, send %f, recv %f, ring %f, delay %f)
I	2.24.3	2.30.7	Bootstrap: Using%s
I	2.24.3	2.30.7	Bootstrap: Using %s:%d
I	2.3.7	2.3.7	Broadcast: opCount %lx sendbuff %p recvbuff %p count %zi datatype %d op %d root %d comm %p [nranks=%d] stream %p
I	2.29.2	2.30.7	Buffer %p (size %zu, numSegments %d) not registered as DMABuf is not available. Non-DMABuf registration currently does not support multiple segments.
I	2.22.3	2.23.4	CC %s, Multi-GPU CC %s, workFifoBytes %d
I	2.24.3	2.30.7	CC %s, workFifoBytes %d
I	rocm-5.7.0	2024-10	CONFIG_DMABUF_MOVE_NOTIFY and CONFIG_PCI_P2PDMA should be set for DMA_BUF in /boot/config-%s
I	rocm-5.7.0	2024-10	CONFIG_DMABUF_MOVE_NOTIFY=y in /boot/config-%s
I	rocm-5.7.0	2024-10	CONFIG_PCI_P2PDMA=y in /boot/config-%s
I	2.22.3	2.30.7	CPUs with mixed architecture were detected.
I	2.22.3	2.30.7	CPUs with mixed vendors were detected.
I	2.27.3	2.30.7	CTAPolicy %d is not a valid value, set it to %d
I	2.11.4	2.12.12	CUDA Graph helper thread created for device %d
I	2.11.4	2.12.12	CUDA Graph helper thread for device %d returning
I	2.23.4	2.30.4	CUMEM Host Alloc Size %zi pointer %p handle %llx numa %d dev %d granularity %ld
I	2.23.4	2.30.7	CUMEM allocated shareable buffer %p size %zi
I	2.26.2	2.30.7	CUMEM imported shareable host buffer from proxyRank %d size %zi ptr %p, granularity %ld
I	2.23.4	2.25.1	CUMEM imported shareable host buffer from tpProxyRank %d size %zi ptr %p, granularity %ld
I	2.19.1	2.30.7	Call to %s skipped, internal_name doesn't exist
I	2.19.1	2.27.7	Call to %s failed with error %s errno %d
I	2.4.2	2.30.4	Call to %s returned %s, retrying
I	2.24.3	2.30.7	Call to %s not supported
I	2.24.3	2.30.7	Call to accept returned %s, retrying
I	2.4.2	2.23.4	Call to connect returned %s, retrying
I	2.24.3	2.30.7	Call to ibv_modify_qp failed with %d %s, %s, retrying %d/%d after %u msec of sleep
I	2.28.3	2.29.2	Cannot open %s for writing: %s
I	2.29.7	2.29.7	Capping the number of GIN contexts to %d (%d requested). Use NCCL_GIN_NCONTEXTS to increase the limit
I	rocm-4.5.0	rocm-5.0.0	Channel %02d : %d[%lx] -> %d[%lx] via direct shared memory comm %p nRanks %02d
I	rocm-5.7.0	2024-10	Channel %02d/%01d : %d[%lx] -> %d[%lx] via P2P/direct pointer%s comm %p nRanks %02d
I	rocm-4.5.0	rocm-5.4.0	Channel %02d : %d[%lx] -> %d[%lx] via P2P/direct pointer%s comm %p nRanks %02d
I	rocm-5.7.0	2024-10	Channel %02d/%01d : %d[%lx] -> %d[%lx] via P2P/indirect/%d[%lx]%s comm %p nRanks %02d
I	rocm-4.5.0	rocm-5.4.0	Channel %02d : %d[%lx] -> %d[%lx] via P2P/indirect/%d[%lx]%s comm %p nRanks %02d
I	rocm-5.4.0	2024-10	Channel %02d/%d : %d[%lx] -> %d[%lx] [receive] via NET/%s/%d%s%s comm %p nRanks %02d
I	rocm-4.5.0	rocm-5.0.0	Channel %02d : %d[%lx] -> %d[%lx] [receive] via NET/%s/%d%s%s comm %p nRanks %02d
I	rocm-5.4.0	2024-10	Channel %02d/%d : %d[%lx] -> %d[%lx] [send] via NET/%s/%d(%d)%s%s comm %p nRanks %02d
I	rocm-5.4.0	2024-10	Channel %02d/%d : %d[%lx] -> %d[%lx] [send] via NET/%s/%d%s%s comm %p nRanks %02d
I	rocm-4.5.0	rocm-5.0.0	Channel %02d : %d[%lx] -> %d[%lx] [send] via NET/%s/%d%s%s comm %p nRanks %02d
I	rocm-6.0.0	rocm-6.0.0	Channel %02d/%01d : %d[%x] -> %d[%x] via P2P/CUMEM%s%s comm %p nRanks %02d
I	rocm-6.2.0	2024-10	Channel %02d/%01d : %d[%x] -> %d[%x] via P2P/CUMEM%s%s%s comm %p nRanks %02d
I	2.7.3	2.12.12	Channel %02d : %d[%lx] -> %d[%lx] via direct shared memory
I	2.18.3	2.30.7	Channel %02d/%01d : %d[%d] -> %d[%d] via P2P/direct pointer%S
I	rocm-5.7.0	2024-10	Channel %02d/%01d : %d[%lx] -> %d[%lx] via P2P/IPC%s%s comm %p nRanks %02d
I	2.14.3	2.18.1	Channel %02d/%01d : %d[%lx] -> %d[%lx] via P2P/direct pointer%S
I	rocm-4.5.0	rocm-5.0.0	Channel %02d : %d[%lx] -> %d[%lx] via P2P/IPC%s comm %p nRanks %02d
I	rocm-5.4.0	rocm-5.4.0	Channel %02d : %d[%lx] -> %d[%lx] via P2P/IPC%s%s comm %p nRanks %02d
I	2.7.3	2.13.4	Channel %02d : %d[%lx] -> %d[%lx] via P2P/direct pointer%S
I	2.7.3	2.7.8	Channel %02d : %d[%d] -> %d[%d] via P2P/common device%S
I	2.18.3	2.30.7	Channel %02d/%01d : %d[%d] -> %d[%d] via P2P/indirect/%d[%d]%S
I	2.14.3	2.18.1	Channel %02d/%01d : %d[%lx] -> %d[%lx] via P2P/indirect/%d[%lx]%S
I	2.8.3	2.13.4	Channel %02d : %d[%lx] -> %d[%lx] via P2P/indirect/%d[%lx]%S
I	rocm-5.4.0	2024-10	Channel %02d : %d[%lx] -> %d[%lx] via SHM/%s/%s comm %p nRanks %02d
I	2.18.3	2.25.1	Channel %02d/%d : %d[%d] -> %d[%d] [receive] via NET/%s/%d%s%s
I	2.26.2	2.30.7	Channel %02d/%d : %d[%d] -> %d[%d] [receive] via NET/%s/%d%s%s%s
I	2.12.7	2.18.1	Channel %02d/%d : %d[%lx] -> %d[%lx] [receive] via NET/%s/%d%s%s
I	2.7.3	2.7.8	Channel %02d : %d[%lx] -> %d[%lx] [receive] via NET/%s/%d%s
I	2.8.3	2.11.4	Channel %02d : %d[%lx] -> %d[%lx] [receive] via NET/%s/%d%s%s
I	2.18.3	2.25.1	Channel %02d/%d : %d[%d] -> %d[%d] [send] via NET/%s/%d(%d)%s%s
I	2.26.2	2.30.7	Channel %02d/%d : %d[%d] -> %d[%d] [send] via NET/%s/%d(%d)%s%s%s
I	2.12.7	2.18.1	Channel %02d/%d : %d[%lx] -> %d[%lx] [send] via NET/%s/%d(%d)%s%s
I	2.18.3	2.25.1	Channel %02d/%d : %d[%d] -> %d[%d] [send] via NET/%s/%d%s%s
I	2.26.2	2.30.7	Channel %02d/%d : %d[%d] -> %d[%d] [send] via NET/%s/%d%s%s%s
I	2.12.7	2.18.1	Channel %02d/%d : %d[%lx] -> %d[%lx] [send] via NET/%s/%d%s%s
I	2.7.3	2.7.8	Channel %02d : %d[%lx] -> %d[%lx] [send] via NET/%s/%d%s
I	2.8.3	2.11.4	Channel %02d : %d[%lx] -> %d[%lx] [send] via NET/%s/%d%s%s
I	2.30.7	2.30.7	Channel %02d : %d[%d] -> %d[%d] via SHM/direct
I	2.18.3	2.19.4	Channel %02d/%01d : %d[%d] -> %d[%d] via P2P/CUMEM%S
I	2.18.1	2.18.1	Channel %02d/%01d : %d[%x] -> %d[%x] via P2P/CUMEM%S
I	2.18.3	2.30.7	Channel %02d/%01d : %d[%d] -> %d[%d] via P2P/IPC%S
I	2.14.3	2.18.1	Channel %02d/%01d : %d[%lx] -> %d[%lx] via P2P/IPC%S
I	2.7.3	2.13.4	Channel %02d : %d[%lx] -> %d[%lx] via P2P/IPC%S
I	2.18.3	2.30.4	Channel %02d : %d[%d] -> %d[%d] via SHM/%s/%S
I	2.13.4	2.18.1	Channel %02d : %d[%lx] -> %d[%lx] via SHM/%s/%S
I	2.20.3	2.30.7	Channel %02d/%01d : %d[%d] -> %d[%d] via P2P/%S
I	2.24.3	2.26.6	Check P2P Type intraNodeP2pSupport %d directMode %d
I	2.28.7	2.30.7	Check P2P Type isAllDirectP2p %d directMode %d isAllCudaP2p %d
I	2.27.3	2.28.3	Check P2P Type isAllDirectP2p %d directMode %d
I	2.20.3	2.30.7	Cleanup buffer %p pages %lx
I	rocm-4.5.0	2024-10	Clique kernels disabled
I	rocm-4.5.0	2024-10	Clique-based kernels enabled (mode %d) [GCN %d]
I	2.19.1	2.20.5	Closing tuner: '%s'
I	2.6.4	2.8.4	Coll %02d : %d [receive] via COLLNET/%s/%d%s
I	2.6.4	2.8.4	Coll %02d : %d [send] via COLLNET/%s/%d%s
I	rocm-5.7.0	2024-10	CollNet %02d/%1d : %d [receive] via COLLNET/%s/%d%s comm %p nRanks %02d
I	rocm-4.5.0	rocm-5.4.0	CollNet %02d : %d [receive] via COLLNET/%s/%d%s comm %p nRanks %02d
I	rocm-5.7.0	2024-10	CollNet %02d/%1d : %d [send] via COLLNET/%s/%d%s comm %p nRanks %02d
I	rocm-4.5.0	rocm-5.4.0	CollNet %02d : %d [send] via COLLNET/%s/%d%s comm %p nRanks %02d
I	2.14.3	2.25.1	CollNet %02d/%1d : %d [receive] via COLLNET/%s/%d%s
I	2.26.2	2.30.7	CollNet %02d/%1d : %d [receive] via COLLNET/%s/%d%s%s
I	2.9.6	2.13.4	CollNet %02d : %d [receive] via COLLNET/%s/%d%s
I	2.14.3	2.25.1	CollNet %02d/%1d : %d [send] via COLLNET/%s/%d%s
I	2.26.2	2.30.7	CollNet %02d/%1d : %d [send] via COLLNET/%s/%d%s%s
I	2.9.6	2.13.4	CollNet %02d : %d [send] via COLLNET/%s/%d%s
I	2.6.4	2.8.4	CollNet Channel %d rank %d up %d down %d
I	2.6.4	2.8.4	CollNet [recv] : rank %d collNetRank %d collNetNranks %d sent connect to rank %d
I	2.6.4	2.8.4	CollNet [send] : rank %d collNetRank %d collNetNranks %d received connect from rank %d
I	2.14.3	2.21.5	Collnet Chains %s
I	2.17.1	2.30.7	Comm config %s set to %s
I	2.28.7	2.30.7	Comm config CTAPolicy reset to NCCL_CTA_POLICY=%d
I	2.28.7	2.30.7	Comm config cgaClusterSize reset to NCCL_MAX_CGA_CLUSTER_SIZE=%d
I	2.28.7	2.30.7	Comm config collnetEnable reset to NCCL_COLLNET_ENABLE=%d
I	2.30.7	2.30.7	Comm config graphStreamOrdering reset to NCCL_GRAPH_STREAM_ORDERING=%d
I	2.29.2	2.30.7	Comm config graphUsageMode is set to %d but the user is capturing graphs on the stream. Violating graphUsageMode semantics can lead to hangs!
I	2.29.2	2.30.7	Comm config graphUsageMode reset to %d by NCCL_GRAPH_MIXING_SUPPORT=%d
I	2.28.7	2.30.7	Comm config maxCTAs reset to NCCL_MAX_CTAS=%d
I	2.30.3	2.30.7	Comm config maxP2pPeers reset to NCCL_MAX_P2P_PEERS=%d
I	2.28.7	2.30.7	Comm config minCTAs reset to NCCL_MIN_CTAS=%d
I	2.28.7	2.30.7	Comm config nChannelsPerNetPeer reset to NCCL_NCHANNELS_PER_NET_PEER=%d
I	2.28.7	2.30.7	Comm config netName reset to NCCL_NET=%s
I	2.28.7	2.30.7	Comm config nvlinkCentricSched reset to NCCL_NVLINK_UTIL_CENTRIC_SCHED_ENABLE=%d
I	2.28.7	2.30.7	Comm config nvlsCTAs reset to NCCL_NVLS_NCHANNELS=%d
I	2.28.7	2.30.7	Comm config shrinkShare reset to NCCL_COMM_SHRINK_SHARE_RESOURCES=%d
I	2.28.7	2.30.7	Comm config splitShare reset to NCCL_COMM_SPLIT_SHARE_RESOURCES=%d
I	2.28.7	2.30.7	Comm config trafficClass (%d) does not match the parent (%d)
I	2.28.7	2.30.7	CommRevokeAsync END comm %p result %d
I	2.28.7	2.30.7	CommRevokeAsync START comm %p rank %d nRanks %d nNodes %d localRank %d cudaDev %d
I	2.9.9	2.30.7	Communicator has %d nodes which is less than CollNet node threshold %d, disabling CollNet
I	2.30.3	2.30.7	Compute Capability (%d) is not sufficient to enable GIN.  Require Volta (70) or newer.
I	2.22.3	2.30.7	Connected Collnet Chains %s
I	2.18.1	2.30.7	Connected NVLS tree
I	2.8.3	2.23.4	Connected all rings
I	rocm-4.5.0	2024-10	Connected all rings comm %p nRanks %02d busId %lx
I	2.24.3	2.30.7	Connected all rings, use ring PXN %d GDR %d
I	2.8.3	2.30.7	Connected all trees
I	rocm-4.5.0	rocm-5.4.0	Connected all trees comm %p nRanks %02d busId %lx
I	2.23.4	2.30.7	Connected binomial trees
I	2.14.3	2.21.5	Connected collnet + chain
I	2.19.1	2.30.4	Connected to proxy localRank %d -> connection %p
I	2.30.7	2.30.7	Connected to proxy tpRank %d -> connection %p
I	2.12.7	2.18.6	Connection to proxy localRank %d -> connection %p
I	2.24.3	2.30.7	Continuing in spite of a RAS initialization error
I	2.6.4	2.30.7	Could not enable P2P between dev %d(=%lx) and dev %d(=%lx)
I	2.30.7	2.30.7	Could not find PCI device with bus ID %s
I	2.27.3	2.30.7	Could not find a path for pattern %d, falling back to simple order
I	2.3.5	2.5.7	Could not find real path of %s
I	2.30.7	2.30.7	Could not get device class for NVLink target %s, assuming NVSwitch
I	rocm-5.7.0	2024-10	Could not get kernel name
I	2.30.3	2.30.7	Could not get speed for interface %s. Defaulting to 10 Gbps.
I	2.6.4	2.30.7	Could not get speed from %s. Defaulting to 10 Gbps.
I	2024-10	2024-10	Could not open /proc/kallsyms
I	2.27.3	2.30.7	Could not open XML topology file %s : %s
I	rocm-5.7.0	2024-10	Could not open kernel conf file
I	2.30.3	2.30.7	Count not open %s
I	2.11.4	2.12.12	Created %d queue info, destroyed %d
I	2.30.3	2.30.7	Created shared memory mapping %s with %ld bytes
I	2.30.3	2.30.7	Cross-clique P2P enabled: nvlDomainSize=%d cliqueSize=%d
I	2.9.9	2.9.9	Cuda Alloc Size %ld pointer %p
I	2.9.9	2.9.9	Cuda Host Alloc Size %ld pointer %p
I	2.28.3	2.29.2	Cuda failure '%s'
I	rocm-5.7.0	2024-10	Current version of ROCm does not support dmabuf feature.
I	2.3.5	2.5.7	DEBUG file is '%s'
I	2.13.4	2.30.7	DMA-BUF is available on GPU device %d
I	rocm-5.7.0	2024-10	DMA_BUF Support Enabled
I	rocm-5.7.0	2024-10	DMA_BUF_SUPPORT Failed due to OS kernel support
I	2.27.3	2.27.5	Data Direct DMA Interface is detected for device:%s
I	2.4.2	2.4.2	Destroyed comm %p rank %d
I	2.22.3	2.23.4	Detected a mix of single and multiple-port NICs. Force-disabling NCCL_IB_MERGE_NICS
I	2.30.3	2.30.7	Detected mixed local CollNet device counts across ranks (min %d, max %d). Ignoring due to NCCL_IGNORE_COLLNET_MISMATCH.
I	2.30.3	2.30.7	Detected mixed local Net device counts across ranks (min %d, max %d). Ignoring due to NCCL_IGNORE_NET_MISMATCH.
I	2.30.3	2.30.4	Detected ranks %d and %d sharing GPU with bus %lX on this node
I	2.28.3	2.30.4	Did not find child net device. Returning link_width=%d totalChildLinkWidth=%d
I	2.27.5	2.30.7	Disabling LL128 over all PxN connections (PXB and C2C). This ensures that no C2C link will be used by LL128.
I	2.29.7	2.29.7	Disabling caching for environment variable %s.
I	rocm-4.5.0	2024-10	Disabling clique-based kernels (did not find env var RCCL_ENABLE_CLIQUE)
I	rocm-4.5.0	rocm-5.0.0	Disabling clique-based kernels due to topology (ignore with RCCL_CLIQUE_IGNORE_TOPO)
I	2.27.3	2.30.7	Disabling external plugins: %s
I	2.26.5	2.26.6	Disabling work fifo
I	rocm-6.2.0	2024-10	Dmabuf feature disabled without NCCL_DMABUF_ENABLE=1
I	rocm-6.0.0	rocm-6.0.0	Dmabuf feature disabled without NCCL_ENABLE_DMABUF_SUPPORT=1
I	2.3.5	2.4.8	Duplicating rings to %d per user request.
I	2.28.7	2.30.7	ENV/Plugin: Closing env plugin %s
I	2.28.7	2.30.7	ENV/Plugin: Using %s (v1)
I	2.30.7	2.30.7	ENV/Plugin: Using %s (v2)
I	2.30.3	2.30.7	ENV: %s is private. Its function may change without notice across versions.
I	rocm-5.7.0	2024-10	Enabled GDRCopy equivalent memory allocation
I	2.24.3	2.30.7	Enabled NCCL Func/Proto/Algo Matrix:%s
I	rocm-5.4.0	2024-10	Enabling custom signal handler
I	2.28.7	2.30.7	External env plugin %s is unsupported
I	2.28.3	2.30.7	External network plugin %s is unsupported
I	2.28.3	2.30.7	External profiler plugin %s is unsupported
I	2.28.3	2.30.7	External tuner plugin %s is unsupported
I	2.27.3	2.28.9	Failed to bind NVLink SHARP (NVLS) Multicast memory of size %ld : CUDA error %d '%s'. Proceeding without NVLS support.
I	2.28.7	2.30.7	Failed to get DMA-BUF handle for address range with type PCIE, error=%d. Trying a different method.
I	2.28.3	2.30.7	Failed to initialize NET plugin %s
I	2.29.7	2.30.4	Failed to initialize any GIN plugin
I	2.28.7	2.30.7	Failed to multicast-bind user buffer: CUDA error %d '%s'
I	2.11.4	2.29.7	Failed to open libibverbs.so[.1]
I	2.27.3	2.30.7	Failed to open libmlx5.so[.1]
I	2.22.3	2.30.7	Failed to read refresh_switch_toplogy
I	2.28.7	2.30.7	Failed to register memory with DMA-BUF and data direct, error=%d. Trying a different method.
I	2.28.7	2.30.7	Failed to register memory with DMA-BUF, error=%d. Trying a different method.
I	2024-10	2024-10	Found %s
I	2.28.3	2.30.4	Found child net device for %s. Returning link_width=%d totalChildLinkWidth=%d
I	2024-10	2024-10	Found ib_register_peer_memory_client in /proc/kallsyms
I	2.30.3	2.30.7	Found network interface %s with speed %d Mbps
I	rocm-4.5.0	2024-10	GDR is available on all GPUs
I	2.9.6	2.30.7	GDRCOPY enabled library %d.%d driver %d.%d
I	2024-10	2024-10	GDRDMA not enabled. Could not find memory_peers directory or peer_memory symbol
I	2.28.7	2.30.7	GIN Proxy will not be using GDRCopy
I	2.30.7	2.30.7	GIN/Plugin: Assigned plugin %s type %d to comm
I	2.30.7	2.30.7	GIN/Plugin: Disabling external plugins: %s
I	2.30.7	2.30.7	GIN/Plugin: Failed to initialize any GIN plugin
I	2.30.7	2.30.7	GIN/Plugin: Failed to load external plugin %s, dlHandle: %p, ncclGin: %p
I	2.30.7	2.30.7	GIN/Plugin: Loaded gin plugin %s (v13)
I	2.30.7	2.30.7	GIN/Plugin: Loaded gin plugin %s (v14)
I	2.30.7	2.30.7	GIN/Plugin: Skipping external proxy plugin %s index %d; using NCCL GIN proxy over RMA backend %s
I	2.30.7	2.30.7	GIN/Plugin: Skipping plugin %s index %d type %d: NCCL_GIN_TYPE=%ld requested
I	2.30.7	2.30.7	GIN/Plugin: Successfully loaded external plugin %s
I	2.30.7	2.30.7	GIN/Plugin: Unloading plugin %s
I	2.26.2	2.26.6	GPU %d / HCA %lx connected to CPU %d via C2C link
I	2.27.3	2.28.9	GPU %d / HCA %lx connected via C2C link
I	2.29.2	2.29.7	GPU Direct RDMA Disabled for %s
I	2.24.3	2.28.9	GPU Direct RDMA Disabled for GPU %d / HCA %lx (distance %d > %d)
I	2.6.4	2.20.5	GPU Direct RDMA Disabled for GPU %lx / HCA %d (distance %d > %d)
I	2.21.5	2.23.4	GPU Direct RDMA Disabled for GPU %lx / HCA %lx (distance %d > %d)
I	2.29.2	2.29.7	GPU Direct RDMA Enabled for %s
I	2.26.2	2.28.9	GPU Direct RDMA Enabled for GPU %d / HCA %lx (distance %d <= %d), read %d mode %s
I	2.24.3	2.25.1	GPU Direct RDMA Enabled for GPU %d / HCA %lx (distance %d <= %d), read %d
I	2.6.4	2.20.5	GPU Direct RDMA Enabled for GPU %lx / HCA %d (distance %d <= %d), read %d
I	2.21.5	2.23.4	GPU Direct RDMA Enabled for GPU %lx / HCA %lx (distance %d <= %d), read %d
I	2.3.5	2.3.7	Got %s, retrying
I	2.30.7	2.30.7	HINT: Default value is 20, which is ~30 seconds before error.
I	2.30.7	2.30.7	HINT: In many cases this error occurs when ACS is enabled which would break GPU Direct RDMA protocol.
I	2.30.7	2.30.7	HINT: In many cases this error occurs when NIC on the same instance cannot talk to each other.
I	2.30.7	2.30.7	HINT: In many cases this error occurs when NICs are not cross-rail connected.
I	2.30.7	2.30.7	HINT: In many cases this error occurs when the NCCL_IB_TIMEOUT is set too short.
I	2.30.7	2.30.7	HINT: In many cases this error occurs when the incorrect GID index is forced by NCCL_IB_GID_INDEX
I	2.30.7	2.30.7	HINT: In many cases this issue indicates missing or faulty information in the provided topology file.
I	2.30.7	2.30.7	HINT: See https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html#nccl-cross-nic for more information.
I	2.30.7	2.30.7	HINT: See https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html#nccl-ib-gid-index for more information.
I	2.30.7	2.30.7	HINT: See https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html#nccl-ib-timeout for more information.
I	2.30.7	2.30.7	HINT: To confirm and fix the problem, you can set NCCL_IB_GID_INDEX=-1 to enable automatic detection.
I	2.30.7	2.30.7	HINT: To confirm and fix the problem, you can set NCCL_NET_GDR_LEVEL=0 to disable ACS following vendor documentation.
I	2.30.7	2.30.7	HINT: To confirm, set NCCL_TOPO_DUMP_FILE=topo.xml to produce the topology NCCL has detected and compare to the one provided.
I	2.30.7	2.30.7	HINT: To confirm, try increasing the value of NCCL_IB_TIMEOUT and see if the error persists.
I	2.30.7	2.30.7	HINT: To confirm, you can set NCCL_CROSS_NIC=0 to disable cross-rail communication.
I	2.27.3	2.27.7	IPC symmetric alloc buffer %p offset %ld size %ld symAllocHead %ld
I	2.9.9	2.9.9	Ib Alloc Size %ld pointer %p
I	2.6.4	2.30.7	Ignoring element %s
I	2.18.1	2.21.5	Imported shareable buffer device %d size %zi ptr %p
I	2.22.3	2.30.4	Imported shareable buffer device %d size %zu ptr %p
I	2.28.3	2.30.7	Init CE, rank %d baseUCSymReadyPtr %p, baseUCSymComplPtr %p, seq num %d
I	2.23.4	2.30.7	Init timings - %s: rank %d nranks %d total %.2f (kernels %.2f, alloc %.2f, bootstrap %.2f, allgathers %.2f, topo %.2f, graphs %.2f, connections %.2f, rest %.2f)
I	2.22.3	2.22.3	Init timings: rank %d nranks %d total %.2f (kernels %.2f, bootstrap %.2f, allgathers %.2f, topo %.2f, graphs %.2f, connections %.2f, rest %.2f)
I	2.27.3	2.30.7	Initialized NET plugin %s
I	2.29.7	2.29.7	Initialized a devComm with %d GIN connections, %d %s contexts (base %d), %d signals (base %d), %d counters (base %d)
I	2.24.3	2.27.7	Initialized state %d for %s
I	2.29.2	2.30.7	Inserted window %p into address map, ret=%d
I	2.29.3	2.30.7	Inspector: CUDA wrapper initialized successfully
I	2.29.2	2.30.7	Intrusive map: inserting object %p with non-NULL next pointer %p (key=0x%lx). Object may already be in another list or this is intentional reuse.
I	2.27.3	2.30.7	Invalid %s %d (must be a multiple of %d)
I	2.27.3	2.30.7	Invalid %s %d (maximum %d).
I	2.27.3	2.30.7	Invalid %s %d (minimum %d).
I	2.12.10	2.30.7	Invalid value %s for %s, using default %lld.
I	2.3.5	2.12.7	Invalid value %s for %s, using default %lu.
I	2.7.3	2.30.7	KV Convert to int : could not find value of '%s' in dictionary, falling back to %d
I	rocm-5.7.0	2024-10	Kernel version: %s
I	2.30.3	2.30.7	LSA extended to full NVL domain: lsaSize=%d (cross-clique P2P)
I	2.30.3	2.30.7	Last reference to shared memory %s released
I	2.3.5	2.12.12	Launch mode %s%s%s
I	2.12.7	2.30.7	Legacy IPC not supported
I	2.11.4	2.11.4	Legacy IPC not supported on dev %d(=%lx)
I	2.3.5	2.4.8	Limiting to %d rings per user request.
I	2.30.3	2.30.7	Loaded NVML from %s
I	2.30.3	2.30.7	Loaded NVML from libnvidia-ml.so.1
I	2.6.4	2.30.7	Loading graphs
I	2.6.4	2.30.7	Loading graphs for topology %s
I	2.6.4	2.30.7	Loading topology %s
I	2.10.3	2.30.7	Loading topology file %s
I	2.6.4	2.30.7	Loading unnamed topology
I	2.30.3	2.30.7	Local CollNet device counts across ranks: min %d max %d
I	2.30.3	2.30.7	Local Net device counts across ranks: min %d max %d
I	2.23.4	2.30.7	MMAP allocated shareable host buffer %s size %zi ptr %p
I	2.23.4	2.30.7	MMAP imported shareable host buffer %s size %zi ptr %p
I	2.30.3	2.30.7	MNNVL %d cliqueId %x cliqueSize %d cliqueRank %d nvlDomainSize %d
I	2.21.5	2.29.7	MNNVL %d cliqueId %x cliqueSize %d cliqueRank %d
I	2.20.3	2.30.7	MNNVL busId 0x%lx fabric UUID %lx.%lx cliqueId 0x%x state %d healthMask 0x%x
I	2.20.3	2.26.2	MNNVL matching peer 0x%lx UUID %lx.%lx cliqueId 0x%x
I	2.28.3	2.30.7	MNNVL rack serial %s slot %d tray %d hostId %d peerType %d moduleId %d
I	2024-10	2024-10	MSCCL++: Enabled! Msg size threshold=%zu
I	2024-10	2024-10	MSCCL++: Splitting a compatible communicator; using parent mscclpp_comm
I	2024-10	2024-10	MSCCL++: reading capture status
I	rocm-5.7.0	2024-10	MSCCL: Failed to find mscclScheduler symbol, using internal implementation
I	rocm-5.7.0	2024-10	MSCCL: Initialization finished, localSize %ld
I	rocm-5.7.0	2024-10	MSCCL: No external scheduler found, using internal implementation
I	rocm-5.7.0	2024-10	MSCCL: Setup connections finished, used %ld
I	rocm-5.7.0	2024-10	MSCCL: Teardown finished
I	2024-10	2024-10	MSCCL: reading capture status
I	rocm-6.0.0	2024-10	MSCCL: typeMask %x fnIndex %d Setup Kernel finished
I	2.26.2	2.30.7	Marking physical devices as unplaced, increasing distance and restarting search.
I	2.30.3	2.30.7	Max P2P Peers %d is too high, capping to communicator size %d
I	2.9.9	2.9.9	Mem Alloc Size %ld pointer %p
I	2.12.7	2.30.4	Mem Realloc old size %ld, new size %ld pointer %p
I	2.29.7	2.30.7	MemManager: Decremented refCount to %d
I	2.29.7	2.30.7	MemManager: Destroyed
I	2.29.7	2.30.7	MemManager: Destroying (refCount=0)
I	2.29.7	2.30.7	MemManager: Initialized for device %d
I	2.29.7	2.30.7	MemManager: Shared from parent, refCount=%d
I	2.29.7	2.30.7	MemManager: Untrack size mismatch ptr=%p tracked=%zu passed=%zu
I	2.29.7	2.30.7	MemManager: rank %d suspended %d local + %d peer entries (scratch=%zu, offload=%zu, peerImport=%zu, cpuBackup=%zu)
I	2.29.7	2.30.7	MemManager: rank %d resumed %d local entries, waiting at barrier
I	2.29.7	2.30.7	MemManager: rank %d resumed %d local + %d peer entries (%zu + %zu bytes)
I	2.3.5	2.3.7	Min Comp Cap %d
I	rocm-4.5.0	rocm-5.0.0	Multi-GPU cooperative launch support not available for device %d
I	2.30.3	2.30.4	Multiple ranks on the same GPU detected and allowed. Disabling NVLS.
I	2.28.3	2.29.2	NCCL Inspectoer: dump directory %s exists, but is not writable
I	2.28.3	2.30.7	NCCL Inspector Stopping Dump thread
I	2.28.3	2.29.2	NCCL Inspector enabled with polling interval %lu us and output directory %s
I	2.28.3	2.29.2	NCCL Inspector inspectorDumpThread: couldn't create dump thread!
I	2.28.3	2.29.2	NCCL Inspector inspectorDumpThread: couldn't destroy lock
I	2.28.3	2.29.2	NCCL Inspector inspectorDumpThread: couldn't init lock
I	2.28.3	2.29.2	NCCL Inspector inspectorDumpThread: created
I	2.28.3	2.29.2	NCCL Inspector inspectorDumpThread: stopped
I	2.28.3	2.29.2	NCCL Inspector is not enabled, will not do ncclAllCommTallyDump
I	2.28.3	2.29.2	NCCL Inspector: DelComm can't remove 0x%lx, not present
I	2.28.3	2.29.2	NCCL Inspector: DelComm removing 0x%lx
I	2.28.3	2.29.2	NCCL Inspector: NCCL_INSPECTOR_DUMP_THREAD_ENABLE set to 0; not starting internal dump thread.
I	2.28.3	2.29.2	NCCL Inspector: comm %lu still in tracker
I	2.28.3	2.29.2	NCCL Inspector: comm 0x%lx already in tracker
I	2.28.3	2.29.2	NCCL Inspector: dump location %s exists, but is not a directory
I	2.28.3	2.29.2	NCCL Inspector: dump thread enabled but NCCL_INSPECTOR_DUMP_THREAD_INTERVAL_MICROSECONDS is 0; not starting internal dump thread.
I	2.28.3	2.29.2	NCCL Inspector: failed to create dump directory %s: %s
I	2.28.3	2.29.2	NCCL Inspector: failed to generate a dump dir; not starting internal dump thread.
I	2.3.5	2.4.8	NCCL did not shutdown nvml properly
I	2.10.3	2.12.12	NCCL_AGG_ALLOC_MODE set by environment to %s
I	2.7.3	2.30.7	NCCL_ALGO set by environment to %s
I	2.25.1	2.30.7	NCCL_CGA_CLUSTER_SIZE value %d is too big. Limiting value to %d.
I	2.29.7	2.30.7	NCCL_CHECK_MODE set by environment to %s
I	2.27.5	2.30.7	NCCL_COLLNET_ENABLE set by environment to %d.
I	2.12.10	2.26.6	NCCL_COLLNET_ENABLE set by environment to %s.
I	2.23.4	2.30.7	NCCL_COMM_ID cannot be used with more than one ncclUniqueId
I	2.7.3	2.30.7	NCCL_COMM_ID set by environment to %s
I	2.28.7	2.30.7	NCCL_ENV_PLUGIN set by environment to %s
I	2.29.7	2.29.7	NCCL_GIN_COUNTER_POOL_SIZE has an invalid value
I	2.29.7	2.30.7	NCCL_GIN_PLUGIN list contains a plugin name %s longer than %d characters, ignoring it.
I	2.29.7	2.30.7	NCCL_GIN_PLUGIN list contains more than %d plugins, ignoring the rest
I	2.29.7	2.30.7	NCCL_GIN_PLUGIN set by environment to %s
I	2.28.7	2.30.7	NCCL_GIN_PROXY_QUEUE_SIZE is greater than the maximum outstanding requests in the GIN plugin (%d), using the default/maximum value instead
I	2.28.7	2.30.7	NCCL_GIN_PROXY_QUEUE_SIZE is less than 1, using the default/maximum value instead
I	2.28.7	2.30.7	NCCL_GIN_PROXY_QUEUE_SIZE is not a power of two, using the default/maximum value instead
I	2.29.7	2.29.7	NCCL_GIN_SIGNAL_POOL_SIZE has an invalid value
I	2.7.3	2.30.7	NCCL_GRAPH_DUMP_FILE set by environment to %s
I	2.7.3	2.30.7	NCCL_GRAPH_FILE set by environment to %s
I	2.29.2	2.30.7	NCCL_GRAPH_MIXING_SUPPORT %d is not valid, leaving it set at %d
I	2.30.7	2.30.7	NCCL_GRAPH_STREAM_ORDERING %d is not valid, leaving it set at %d
I	2.7.3	2.30.7	NCCL_HOSTID set by environment to %s
I	2.30.3	2.30.7	NCCL_IBVERBS_LIB set by environment to %s
I	2.21.5	2.30.7	NCCL_IB_ADDR_FAMILY set by environment to %s
I	2.21.5	2.30.7	NCCL_IB_ADDR_RANGE set by environment to %s
I	2.7.3	2.30.7	NCCL_IB_HCA set to %s
I	2.7.3	2.30.7	NCCL_LAUNCH_MODE set by environment to %s
I	2.25.1	2.30.7	NCCL_MAX_CTAS %d is too low, leaving it set at %d
I	2.30.3	2.30.7	NCCL_MAX_P2P_PEERS %d is too low, leaving it set at %d
I	2.25.1	2.30.7	NCCL_MIN_CTAS %d is too low, leaving it set at %d
I	2.28.3	2.30.7	NCCL_NCHANNELS_PER_NET_PEER %d is too low, leaving it set at %d
I	2.28.3	2.30.7	NCCL_NETDEVS_POLICY set by environment to %s
I	2.30.7	2.30.7	NCCL_NET_MERGE_POLICY set by environment to RAIL
I	2.27.3	2.30.7	NCCL_NET_PLUGIN list contains a plugin name %s longer than %d characters, ignoring it.
I	2.27.3	2.30.7	NCCL_NET_PLUGIN list contains more than %d plugins, ignoring the rest
I	2.28.3	2.30.7	NCCL_NET_PLUGIN set by environment to %s
I	2.29.2	2.30.7	NCCL_NUM_RMA_CTX %d is too low, leaving it set at %d
I	2.30.7	2.30.7	NCCL_NUM_RMA_CTX=0, RMA disabled for this communicator
I	2.28.3	2.30.7	NCCL_NVLINK_UTIL_CENTRIC_SCHED_ENABLE %d is not valid, leaving it set at %d
I	2.23.4	2.30.7	NCCL_OOB_NET_IFNAME set to %s
I	2.28.3	2.30.7	NCCL_PROFILER_PLUGIN set by environment to %s
I	2.7.3	2.30.7	NCCL_PROTO set by environment to %s
I	2.28.3	2.30.7	NCCL_PROXY_CPUSET = %s: %s
I	2.30.7	2.30.7	NCCL_RMA_PLUGIN list contains a plugin name %s longer than %d characters, ignoring it.
I	2.30.7	2.30.7	NCCL_RMA_PLUGIN list contains more than %d plugins, ignoring the rest
I	2.30.7	2.30.7	NCCL_RMA_PLUGIN set by environment to %s
I	2.29.2	2.30.7	NCCL_RMA_PROXY_QUEUE_SIZE is greater than the maximum outstanding requests (%d), using the default/maximum value instead
I	2.29.2	2.30.7	NCCL_RMA_PROXY_QUEUE_SIZE is less than 1, using the default/maximum value instead
I	2.29.2	2.30.7	NCCL_RMA_PROXY_QUEUE_SIZE is not a power of two, using the default/maximum value instead
I	2.7.3	2.30.7	NCCL_SOCKET_FAMILY set by environment to %s
I	2.7.3	2.30.7	NCCL_SOCKET_IFNAME set by environment to %s
I	2.6.4	2.30.7	NCCL_SOCKET_IFNAME set to %s
I	2.30.7	2.30.7	NCCL_SOCKET_MAGIC invalid value "%s", using built-in default
I	2.7.3	2.30.7	NCCL_THREAD_THRESHOLDS set by environment to %s
I	2.7.3	2.30.7	NCCL_TOPO_DUMP_FILE set by environment to %s
I	2.7.3	2.30.7	NCCL_TOPO_FILE set by environment to %s
I	2.28.3	2.30.7	NCCL_TUNER_PLUGIN set by environment to %s
I	2.19.1	2.20.5	NCCL_TUNER_PLUGIN set to %s
I	2.3.5	2.4.7	NET : Found interface %s:%s in the same subnet as remote address %s
I	2.3.5	2.3.7	NET : Using interface %s:%s
I	2.4.2	2.4.8	NET/%s : GPU Direct RDMA Enabled for GPU %d[%d] / HCA %d (distance %d < %d), read %d
I	2.5.6	2.5.7	NET/%s : GPU Direct RDMA Enabled for GPU %lx / HCA %d (distance %d < %d), read %d
I	2.4.2	2.4.8	NET/%s : GPU Direct RDMA Disabled for GPU %d[%d] / HCA %d (distance %d >= %d)
I	2.5.6	2.5.7	NET/%s : GPU Direct RDMA Disabled for GPU %lx / HCA %d (distance %d >= %d)
I	2.13.4	2.30.7	NET/%s : GPU Direct RDMA %s for HCA %d '%s'
I	2.30.7	2.30.7	NET/IB : %s:%d speed change detected: %d -> %s Mbps
I	2.27.3	2.30.7	NET/IB : Failed to open mlx5dv symbols. Advance features like CX-8 Direct-NIC will be disabled.
I	2.4.2	2.4.8	NET/IB : GPU Direct RDMA Disabled for GPU %d[%d] / HCA %d '%s' (no module or not supported by GPU)
I	2.3.5	2.3.7	NET/IB : GPU Direct RDMA Disabled for GPU %d / HCA %s (distance %d >= %d)
I	2.3.5	2.3.7	NET/IB : GPU Direct RDMA Disabled for GPU %d / HCA %s (%s)
I	2.5.6	2.12.12	NET/IB : GPU Direct RDMA Disabled for HCA %d '%s' (no module)
I	2.24.3	2.30.7	NET/IB : Invalid NCCL_NET_FORCE_MERGE specified %s. Couldn't parse substring %s. Please provide a semicolon-delimited list of comma-delimited NIC groups.
I	2.24.3	2.30.7	NET/IB : Local mergedDev %s has a different number of devices=%d as remote %s %d
I	2.30.7	2.30.7	NET/IB : Made virtual device [%d] name=%s speed=%d ndevs=%d rail=%d plane=%d
I	2.24.3	2.30.4	NET/IB : Made virtual device [%d] name=%s speed=%d ndevs=%d
I	2.4.2	2.30.7	NET/IB : No device found.
I	2.27.3	2.30.7	NET/IB : Skipping makeVDevice, NCCL_IB_MERGE_NICS=0
I	2.24.3	2.30.7	NET/IB : There are mismatched physical devices between local (%s) and remote (%s). To disable this warning, set NCCL_IB_WARN_RAIL_LOCAL=0
I	2.12.7	2.30.7	NET/IB : Using%s %s; OOB %s:%s
I	2.4.2	2.11.4	NET/IB : Using%s ; OOB %s:%s
I	2.3.5	2.3.7	NET/IB : Using interface %s for sideband communication
I	2.29.7	2.30.7	NET/IB: %s: Receiver got a completion for a data transfer but retrieved an 'unused' request (req=%p, comm=%p, id=%ld, wc.status=%s(%d), wc.wr_id=%ld, wc.imm_data=%d, wc.opcode=%s(%d), wc.qp_num=%u)
I	2.29.7	2.30.7	NET/IB: %s: No need to add this failed request (req=%p, comm=%p, id=%ld) while another request (req=%p, comm=%p, id=%ld) is already being tracked in the same slot (slot=%d).
I	2.29.7	2.30.7	NET/IB: %s: Receiver got a completion for a CTS but retrieved an 'unused' request (req=%p, comm=%p, id=%ld, wc.wr_id=%ld, wc.opcode=%s(%d), wc.qp_num=%u, wc.imm_data=%d)
I	2.29.7	2.30.7	NET/IB: %s: Resiliency is being enabled on a communicator (comm=%p) with a single local device. In case of failure there will be no device to fail-over to.
I	2.29.7	2.30.7	NET/IB: %s: Attempting to initiate a replay protocol but the failed request was already handled (req=%p, comm=%p, id=%ld, slot=%d, req.type=%s).
I	2.20.3	2.26.6	NET/IB: %s %d IbDev %d Port %d qpn %d mtu %d query_ece={supported=%d, vendor_id=0x%x, options=0x%x, comp_mask=0x%x} GID %ld (%lX/%lX) fifoRkey=0x%x fifoLkey=0x%x
I	2.29.7	2.30.7	NET/IB: %s: Got completion with error (devIndex=%d, wc->status=(%s)%d, wc->opcode=(%s)%d, wc->wr_id=%ld, wc->qp_num=%u, wc->byte_len=%d)
I	2.29.7	2.30.7	NET/IB: %s: Probing conclusion: All data was delivered for request %p (req=%p, comm=%p, id=%ld, slot=%d, nreqs=%d). Completing the request.
I	2.30.3	2.30.7	NET/IB: %s: Receiver received enough in-order alive messages for device %d (comm=%p). Restoring QPs and posting ACK message.
I	2.29.7	2.30.7	NET/IB: %s: All resiliency operations are completed for resiliency context (%s comm=%p). Marking progress as completed.
I	2.29.7	2.30.7	NET/IB: %s: Tracking a new failed send request (req=%p, comm=%p, id=%ld, slot=%d, devIndex=%d, time=%ld, total tracked requests: %d).
I	2.29.7	2.30.7	NET/IB: %s: Replacing QP: qpIndex=%d (qp_num=%u, devIndex=%d) to qpIndex=%d (qp_num=%u, devIndex=%d) on %s communicator (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Receiver expected local completion of ACK message for device %d (comm=%p) but got completion with opcode: %s
I	2.29.7	2.30.7	NET/IB: %s: Set ECE: IbDev %d Port %d qp_num %d set_ece={supported=%d, vendor_id=0x%x, options=0x%x, comp_mask=0x%x}
I	2.29.7	2.30.7	NET/IB: %s: Got probing completion (devIndex=%d, wc->status=%d, wc->opcode=%d, wc->wr_id=%ld, wc->qp_num=%u)
I	2.29.7	2.30.7	NET/IB: %s: Skipping retransmission on QP index %d (req=%p, comm=%p, id=%ld, slot=%d) as it was already delivered.
I	2.29.7	2.30.7	NET/IB: %s: IbDev %d Port %d qp_num %d query_ece={supported=%d, vendor_id=0x%x, options=0x%x, comp_mask=0x%x}
I	2.30.3	2.30.7	NET/IB: %s: Receiver received in-order alive message %u for device %d (nInOrderMsgsReceived=%d, comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Retransmitting reqIndex=%d on qp_num=%u (req=%p, comm=%p, id=%ld, slot=%d) as it was not delivered.
I	2.30.3	2.30.7	NET/IB: %s: Device %d will not be attempted to be recovered any more (%s comm=%p, outstandingRecovery=%d).
I	2.30.3	2.30.7	NET/IB: %s: Recv to RTS done on probing QP (index=%d, qp_num=%u, dest_qp_num=%u, deviceIndex=%d, comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Send to RTS done on probing QP (index=%d, qp_num=%u, dest_qp_num=%u, deviceIndex=%d, comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Destroying port recovery QP (index=%d, qp=%p, qp_num=%u) for resiliency context (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Device %d has been recovered for resiliency context (%s comm=%p, outstandingRecovery=%d)
I	2.29.7	2.30.7	NET/IB: %s: Deregistered probing results memory (%p) on device %d for resiliency context (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Port recovery is disabled for the resiliency context on the %s communicator (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: To RTS done on recovery QP (index=%d, qp_num=%u, dest_qp_num=%u, deviceIndex=%d, comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Port recovery is enabled for the resiliency context on the %s communicator (comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Resiliency context (comm=%p) is configured with %d local devices and %d remote devices
I	2.30.3	2.30.7	NET/IB: %s: Receiver received completion for device %d (comm=%p, wr_id=%lu, opcode=%s, imm_data=%u)
I	2.29.7	2.30.7	NET/IB: %s: Registered probing results memory (%p) on device %d for resiliency context (comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Skipping retransmission on QP index %d (req=%p, slot=%d) as it was already delivered.
I	2.29.7	2.30.7	NET/IB: %s: %s %d IbDev %d Port %d qp_num %d mtu %d LID %d subnet-prefix %lu  FLID %d ctsFifoRkey=0x%x ctsFifoLkey=0x%x
I	2.29.7	2.30.7	NET/IB: %s: Destroying probing QP (index=%d, qp=%p, qp_num=%u) for resiliency context (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Receiver received out-of-order alive message %u (expected %u) for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Created port recovery CQ is enabled for resiliency context (%s comm=%p) on device %d
I	2.29.7	2.30.7	NET/IB: %s: Created probing CQ (cq=%p) on device %d for resiliency context (%s comm=%p, cq_size=%d)
I	2.30.3	2.30.7	NET/IB: %s: Sender received completion for device %d (comm=%p, wr_id=%lu, opcode=%s, imm_data=%u)
I	2.30.3	2.30.7	NET/IB: %s: Destroyed port recovery CQ (cq=%p) on device %d for resiliency context (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Failed to handle %s completion for device %d (comm=%p, wc.opcode=%s(%d), wc.wr_id=%ld)
I	2.30.3	2.30.7	NET/IB: %s: Removing recovery context for device %d belonging to closing resCtx (%s comm=%p)
I	2.29.2	2.29.3	NET/IB: %s %d IbDev %d Port %d qpn %d mtu %d LID %d subnet-prefix %lu  FLID %d ctsFifoRkey=0x%x ctsFifoLkey=0x%x
I	2.30.3	2.30.7	NET/IB: %s: Failed to post recv WQEs on QP index %d on device %d (comm=%p, devIndex=%d, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Receiver posting initial (%d) recv WRs for port recovery for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Alive messages phase completed for device %d. Moving to next phase (%s comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Creating probing CQ on device %d for resiliency context (%s comm=%p, cq_size=%d)
I	2.29.7	2.30.7	NET/IB: %s: Initializing resiliency context on devIndex %d for %s communicator (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: QP created: port=%d dev=%d devName=%s ndevs=%d nmdevs=%d qp_num=%u pkey=%u pd=%p oooRq=%d
I	2.30.3	2.30.7	NET/IB: %s: Flush QP created: port=%d dev=%d devName=%s ndevs=%d nmdevs=%d qp_num=%u pkey=%u pd=%p
I	2.30.3	2.30.7	NET/IB: %s: Sender posting initial (%d) recv WRs for port recovery for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Transitioning QP %u on device %d to ERROR state (comm=%p, devIndex=%d, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Alive message sequence timeout for device %d (%s comm=%p, failedAttempts=%d)
I	2.30.3	2.30.7	NET/IB: %s: Failed to modify to RTR Flush QP on device %d (comm=%p, devIndex=%d, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Failed to modify to RTR QP index %d on device %d (comm=%p, devIndex=%d, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Failed to modify to RTS Flush QP on device %d (comm=%p, devIndex=%d, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Failed to modify to RTS QP index %d on device %d (comm=%p, devIndex=%d, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Sender failed to post alive messages batch on device %d (comm=%p, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Sender marked that alive messages batch completed for device %d (comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Destroyed probing CQ (cq=%p) on device %d for resiliency context (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Sender's alive messages batch completed locally for device %d (comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Clearing events on send request %p (req=%p, comm=%p, id=%ld, slot=%d, reqIdx=%d)
I	2.30.3	2.30.7	NET/IB: %s: Failed to set ECE for QP index %d on device %d (comm=%p, devIndex=%d, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Recovery for device %d failed due to max attempts reached (send comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Sender received an ACK message from the receiver for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Sender received unexpected message completion for device %d (comm=%p)
I	2.22.3	2.28.9	NET/IB: %s %d IbDev %d Port %d qpn %d mtu %d LID %d subnet-prefix %lu  FLID %d fifoRkey=0x%x fifoLkey=0x%x
I	2.30.3	2.30.7	NET/IB: %s: Added device %d into the recovery queue (%s comm=%p, devIndex=%d, isSend=%d)
I	2.29.7	2.30.7	NET/IB: %s: Ignoring error on flush request (req=%p, comm=%p, id=%ld) on device index %d
I	2.30.3	2.30.7	NET/IB: %s: Posting receive work requests on the restored QP (comm=%p, qp_num=%u)
I	2.29.7	2.29.7	NET/IB: %s: Pre-posting %d Receive WQEs on QP %d (qp_num=%d, comm=%p) (out of total %d QPs)
I	2.29.7	2.29.7	NET/IB: %s: QP created: port=%d dev=%d devName=%s ndevs=%d nmdevs=%d qp_num=%u pkey=%u pd=%p
I	2.30.3	2.30.7	NET/IB: %s: Resiliency context was initialized on the %s communicator (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Sender's final ACK message completed locally for device %d (comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Ignoring flush error on a QP (comm=%p, wc.wr_id=%ld, wc.status=%s(%d)).
I	2.30.3	2.30.7	NET/IB: %s: Receiver failed to post recv WR on recovery QP for device %d (comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: The receiver side request that got an error is %p (req=%p, comm=%p, id=%ld)
I	2.30.3	2.30.7	NET/IB: %s: Failed to reset Flush QP on device %d (comm=%p, devIndex=%d, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Failed to reset QP index %d on device %d (comm=%p, devIndex=%d, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Recovery for device %d failed due to max attempts reached (%s comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Reposting send request (request=%p, comm=%p, id=%ld, slot=%ld, nreqs=%d)
I	2.29.7	2.30.7	NET/IB: %s: Set remote completion records info (comm=%p, addr=0x%lx, rkey=0x%x)
I	2.29.7	2.30.7	NET/IB: %s: %s %d IbDev %d Port %d qp_num %d mtu %d GID %ld (%lX/%lX) ctsFifoRkey=0x%x ctsFifoLkey=0x%x
I	2.29.7	2.30.7	NET/IB: %s: Done handling failed send request (req=%p, comm=%p, id=%ld, slot=%ld).
I	2.30.3	2.30.7	NET/IB: %s: Failed to init Flush QP on device %d (comm=%p, devIndex=%d, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Failed to init QP index %d on device %d (comm=%p, devIndex=%d, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Receiver's ACK message completed locally for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Sender failed to post recv WR on recovery QP for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Resiliency context (comm=%p) is configured with %d recovery QPs
I	2.30.3	2.30.7	NET/IB: %s: Posting alive message batch for device %d (comm=%p, devIndex=%d)
I	2.30.3	2.30.7	NET/IB: %s: Receiver failed to post recv WR on data QP for device %d (comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Resiliency context (comm=%p) is configured with %d probing QPs
I	2.29.7	2.29.7	NET/IB: %s: Resiliency context was initialized on the %s communicator (%p)
I	2.30.3	2.30.7	NET/IB: %s: ACK message timeout for device %d (%s comm=%p, failedAttempts=%d)
I	2.30.3	2.30.7	NET/IB: %s: Failed to initialize recovery context for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Failed to transition QPs to ERROR state for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Recovery thread already stopped, skipping close (%s comm=%p)
I	2.29.2	2.29.3	NET/IB: %s %d IbDev %d Port %d qpn %d mtu %d GID %ld (%lX/%lX) ctsFifoRkey=0x%x ctsFifoLkey=0x%x
I	2.30.3	2.30.7	NET/IB: %s: Destroying %d probing QPs for resiliency context (%s comm=%p)
I	2.29.7	2.29.7	NET/IB: %s: Destroying %d probing QPs for resiliency context (comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Probe delay elapsed (%llu ms) for request %p, posting the probe
I	2.30.3	2.30.7	NET/IB: %s: Receiver received final ACK message for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Closing port recovery for resiliency context (%s comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Failed to post alive messages batch for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Failed to post recv WR on recovery QP %p for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: OOO RQ is enabled, Overriding pre-posting to true (1).
I	2.30.3	2.30.7	NET/IB: %s: Destroying port recovery context for device %d (%s comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Failed to drain CQ and post recv WRs for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Failed to post ack message on device %d (comm=%p, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Port recovery attempt #%d failed for devIndex=%d (comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: CQ size should be %d on device %d for %s communicator (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Close request completed for resCtx=%p, removed %d items
I	2.30.3	2.30.7	NET/IB: %s: Resiliency context close for %s communicator (comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Resiliency is disabled on the %s communicator (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Restarting alive messages phase for device %d (%s comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Restoring QP %d on device %d (comm=%p, devIndex=%d, qp_num=%u)
I	2.29.7	2.30.7	NET/IB: %s: Missing data from QP index %d (req=%p, slot=%d devIndex=%d)
I	2.30.3	2.30.7	NET/IB: %s: Restored QP %d on device %d (comm=%p, devIndex=%d, qp_num=%u)
I	2.27.3	2.28.9	NET/IB: %s %d IbDev %d Port %d qpn %d mtu %d GID %ld (%lX/%lX) fifoRkey=0x%x fifoLkey=0x%x
I	2.30.3	2.30.7	NET/IB: %s: Restoring QP (index=%d, qp_num=%u) on device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Sender prepared alive message %u for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Drained %d CQEs from recovery CQ %p for device %d (comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Posting probe (slot=%d, id=%ld, devIndex=%d, qp_num=%u)
I	2.30.3	2.30.7	NET/IB: %s: Pre-posting %d Receive WQEs on QP (qp_num=%d, comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Receiver failed to restore QPs on device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Work completion error on recovery CQ %p: status=%s(%d)
I	2.30.3	2.30.7	NET/IB: %s: Port recovery succeeded for devIndex=%d (%s comm=%p)
I	2.20.3	2.21.5	NET/IB: %s %d IbDev %d Port %d qpn %d mtu %d LID %d fifoRkey=0x%x fifoLkey=0x%x
I	2.30.3	2.30.7	NET/IB: %s: Marking device %d as permanently failed (%s comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Port recovery context done for device %d (%s comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Receiver posting (%d) recv WRs on device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Sender failed to restore QPs on device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Failed to poll recovery CQ %p for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Failed to post ACK message for device %d (comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Handling an error on the receiver side (comm %p)
I	2.29.7	2.30.7	NET/IB: %s: Reposting CTS (request=%p, comm=%p, id=%ld, slot=%ld)
I	2.29.7	2.30.7	NET/IB: %s: The error is not fatal. Trying to continue...
I	2.30.3	2.30.7	NET/IB: %s: Starting port recovery for %s comm=%p devIndex=%d
I	2.30.3	2.30.7	NET/IB: %s: Overriding matching scheme to ID-based (%d)
I	2.30.3	2.30.7	NET/IB: %s: Port recovery failed for %s comm=%p devIndex=%d
I	2.30.3	2.30.7	NET/IB: %s: Shutting down port recovery async thread
I	2.30.3	2.30.7	NET/IB: %s: %s posting ACK message for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: ACK phase completed for device %d (%s comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Device %d was already marked as failed.
I	2.30.3	2.30.7	NET/IB: %s: Failed to post ack for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Marking device %d as recovered (%s comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Overriding pre-posting to true (1).
I	2.30.3	2.30.7	NET/IB: %s: Starting port recovery async thread
I	2.30.3	2.30.7	NET/IB: %s: Failed to poll CQ for device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Port recovery async thread exiting
I	2.30.3	2.30.7	NET/IB: %s: Port recovery async thread stopped
I	2.30.3	2.30.7	NET/IB: %s: Recovery for device %d failed (%s comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Restored Flush QP on device %d (comm=%p)
I	2.30.3	2.30.7	NET/IB: %s: Port recovery closed (%s comm=%p)
I	2.29.7	2.30.7	NET/IB: %s: Receive work requests will be %s
I	2.30.3	2.30.7	NET/IB: %s: Port recovery %s (%s comm=%p)
I	2.28.3	2.30.7	NET/IB: Data Direct DMA Interface is detected for device %s
I	2.27.6	2.27.7	NET/IB: Data Direct DMA Interface is detected for device:%s
I	2.19.1	2.19.4	NET/IB: Dev %d Port %d qpn %d mtu %d query_ece={supported=%d, vendor_id=0x%x, options=0x%x, comp_mask=0x%x} GID %ld (%lX/%lX)
I	2.19.1	2.19.4	NET/IB: Dev %d Port %d qpn %d set_ece={supported=%d, vendor_id=0x%x, options=0x%x, comp_mask=0x%x}
I	2.3.5	2.18.6	NET/IB: Dev %d Port %d qpn %d mtu %d GID %ld (%lX/%lX)
I	2.3.5	2.19.4	NET/IB: Dev %d Port %d qpn %d mtu %d LID %d
I	2.27.3	2.29.3	NET/IB: IbDev %d Port %d qpn %d query_ece={supported=%d, vendor_id=0x%x, options=0x%x, comp_mask=0x%x}
I	2.20.3	2.29.3	NET/IB: IbDev %d Port %d qpn %d set_ece={supported=%d, vendor_id=0x%x, options=0x%x, comp_mask=0x%x}
I	2.24.3	2.30.7	NET/IB: Ip address '%s' is invalid for family %s, ignoring address
I	2.24.3	2.30.7	NET/IB: Ip address mask '%d' is invalid for family %s, ignoring mask
I	2.30.3	2.30.7	NET/IB: OOO RQ is enabled, AR threshold will be ignored.
I	2.30.7	2.30.7	NET/IB: Subnet-aware routing: overriding dev %d with dev %d
I	2.30.3	2.30.7	NET/IB: [%d] %s:%s:%d/%s provider=%s speed=%d context=%p pciPath=%s ar=%d oooRqSize=%d
I	2.27.3	2.29.7	NET/IB: [%d] %s:%s:%d/%s provider=%s speed=%d context=%p pciPath=%s ar=%d
I	2.3.5	2.3.7	NET/IB: [%d] %s:%d/%s
I	2.28.3	2.30.7	NET/MLX5: Call to mlx5dv_internal_get_data_direct_sysfs_path failed with error %s errno %d
I	2.11.4	2.16.5	NET/Plugin : No plugin found (%s), using internal implementation
I	2.5.6	2.10.3	NET/Plugin : No plugin found (libnccl-net.so), using internal implementation
I	2.4.2	2.4.8	NET/Plugin : No plugin found (libnccl-net.so).
I	rocm-4.5.0	rocm-5.0.0	NET/Plugin : No plugin found (librccl-net.so), using internal implementation
I	2.17.1	2.18.6	NET/Plugin : No plugin found, using internal implementation
I	2.17.1	2.18.6	NET/Plugin : Plugin load (%s) returned %d : %s
I	2.4.2	2.20.5	NET/Plugin : Plugin load returned %d : %s.
I	2.19.1	2.20.5	NET/Plugin : dlerror=%s No plugin found (%s), using internal implementation
I	2.22.3	2.25.1	NET/Plugin: %s
I	2.22.3	2.26.6	NET/Plugin: Closing collnet plugin '%s'
I	2.22.3	2.26.6	NET/Plugin: Closing net plugin '%s'
I	2.22.3	2.25.1	NET/Plugin: Could not find:%s. Using internal network plugin.
I	2.4.2	2.11.4	NET/Plugin: Failed to find %s symbol.
I	2.19.1	2.25.1	NET/Plugin: Failed to find ncclCollNetPlugin symbol (>= v5). ncclCollNetPlugin symbols v4 and lower are not supported.
I	2.13.4	2.18.6	NET/Plugin: Failed to find ncclCollNetPlugin symbol (v4 or v5).
I	2.26.2	2.27.7	NET/Plugin: Failed to find ncclCollNetPlugin_v10 symbol.
I	2.12.7	2.12.12	NET/Plugin: Failed to find ncclCollNetPlugin_v4 symbol.
I	2.12.7	2.12.12	NET/Plugin: Failed to find ncclCollNetPlugin_v5 symbol.
I	2.13.4	2.27.7	NET/Plugin: Failed to find ncclCollNetPlugin_v6 symbol.
I	2.19.1	2.27.7	NET/Plugin: Failed to find ncclCollNetPlugin_v7 symbol.
I	2.20.3	2.27.7	NET/Plugin: Failed to find ncclCollNetPlugin_v8 symbol.
I	2.24.3	2.27.7	NET/Plugin: Failed to find ncclCollNetPlugin_v9 symbol.
I	2.19.1	2.25.1	NET/Plugin: Failed to find ncclNetPlugin symbol (>= v5). ncclNetPlugin symbols v4 and lower are not supported.
I	2.13.4	2.18.6	NET/Plugin: Failed to find ncclNetPlugin symbol (v4 or v5).
I	2.26.2	2.27.7	NET/Plugin: Failed to find ncclNetPlugin_v10 symbol.
I	2.12.7	2.12.12	NET/Plugin: Failed to find ncclNetPlugin_v4 symbol.
I	2.12.7	2.12.12	NET/Plugin: Failed to find ncclNetPlugin_v5 symbol.
I	2.13.4	2.27.7	NET/Plugin: Failed to find ncclNetPlugin_v6 symbol.
I	2.19.1	2.27.7	NET/Plugin: Failed to find ncclNetPlugin_v7 symbol.
I	2.20.3	2.27.7	NET/Plugin: Failed to find ncclNetPlugin_v8 symbol.
I	2.24.3	2.27.7	NET/Plugin: Failed to find ncclNetPlugin_v9 symbol.
I	2.13.4	2.18.6	NET/Plugin: Loaded coll plugin %s (v4)
I	2.13.4	2.21.5	NET/Plugin: Loaded coll plugin %s (v5)
I	2.19.1	2.21.5	NET/Plugin: Loaded coll plugin %s (v6)
I	2.20.3	2.21.5	NET/Plugin: Loaded coll plugin %s (v7)
I	2.26.2	2.30.7	NET/Plugin: Loaded collnet plugin %s (v10)
I	2.28.3	2.30.7	NET/Plugin: Loaded collnet plugin %s (v11)
I	2.30.3	2.30.7	NET/Plugin: Loaded collnet plugin %s (v12)
I	2.22.3	2.25.1	NET/Plugin: Loaded collnet plugin %s (v5)
I	2.22.3	2.30.7	NET/Plugin: Loaded collnet plugin %s (v6)
I	2.22.3	2.30.7	NET/Plugin: Loaded collnet plugin %s (v7)
I	2.24.3	2.30.7	NET/Plugin: Loaded collnet plugin %s (v8)
I	2.24.3	2.30.7	NET/Plugin: Loaded collnet plugin %s (v9)
I	2.28.7	2.30.4	NET/Plugin: Loaded gin plugin %s (v11)
I	2.29.7	2.30.4	NET/Plugin: Loaded gin plugin %s (v12)
I	2.30.3	2.30.4	NET/Plugin: Loaded gin plugin %s (v13)
I	2.26.2	2.30.7	NET/Plugin: Loaded net plugin %s (v10)
I	2.28.3	2.30.7	NET/Plugin: Loaded net plugin %s (v11)
I	2.30.3	2.30.7	NET/Plugin: Loaded net plugin %s (v12)
I	2.13.4	2.18.6	NET/Plugin: Loaded net plugin %s (v4)
I	2.13.4	2.25.1	NET/Plugin: Loaded net plugin %s (v5)
I	2.19.1	2.30.7	NET/Plugin: Loaded net plugin %s (v6)
I	2.20.3	2.30.7	NET/Plugin: Loaded net plugin %s (v7)
I	2.24.3	2.30.7	NET/Plugin: Loaded net plugin %s (v8)
I	2.24.3	2.30.7	NET/Plugin: Loaded net plugin %s (v9)
I	2.30.3	2.30.4	NET/Plugin: Loaded rma plugin %s (v13)
I	2.21.5	2.21.5	NET/Plugin: Most recent plugin load returned %d : %s. All attempts to load '%s' also failed.
I	2.21.5	2.21.5	NET/Plugin: No plugin found (%s)
I	2.21.5	2.21.5	NET/Plugin: Plugin load returned %d : %s : when loading %s
I	2.21.5	2.21.5	NET/Plugin: Plugin load returned %d : %s when loading %s
I	2.21.5	2.25.1	NET/Plugin: Plugin name set by env to %s
I	2.21.5	2.25.1	NET/Plugin: Using internal network plugin.
I	2.3.5	2.3.7	NET/Socket : %d interfaces found
I	2.4.2	2.30.7	NET/Socket : Using%s
I	2.4.8	2.30.7	NET/Socket: Using %d threads and %d sockets per thread
I	2.29.7	2.30.4	NET_IB: no support for GIN type %ld
I	2.17.1	2.21.5	NVLS Bind mem %p UC handle 0x%llx MC handle 0x%llx size %zi
I	2.17.1	2.21.5	NVLS Created Multicast group %llx nranks %d size %zi on rank %d
I	2.22.3	2.30.7	NVLS Created Multicast group %llx nranks %d size %zu on rank %d
I	2.17.1	2.21.5	NVLS Creating Multicast group nranks %d size %zi on rank %d
I	2.22.3	2.30.7	NVLS Creating Multicast group nranks %d size %zu on rank %d
I	2.17.1	2.21.5	NVLS Mapped MC buffer at %p size %zi
I	2.17.1	2.21.5	NVLS Mapped UC at %p size %zi
I	2.21.5	2.30.7	NVLS Trees : %d/%d/%d->%d->%d %d/%d/%d->%d->%d
I	2.18.1	2.20.5	NVLS Trees : %d/%d->%d->%d %d/%d->%d->%d
I	2.17.1	2.21.5	NVLS Unbind MC handle %llx size %zi dev %d
I	2.22.3	2.30.7	NVLS Unbind MC handle %llx size %zu dev %d
I	2.26.2	2.30.7	NVLS Unmap mem UC handle 0x%llx(%p) ucsize %zu MC handle 0x%llx(%p) mcsize %zd
I	2.17.1	2.25.1	NVLS Unmap mem UC handle 0x%llx(%p) MC handle 0x%llx(%p)
I	2.27.3	2.30.7	NVLS comm %p headRank %d nHeads %d nvlsRanks %d buffSize %zu nvlsPerRankSize %zu nvlsTotalSize %zu
I	2.18.1	2.21.5	NVLS comm %p headRank %d nHeads %d buffSize %zi memSize %zi nvlsPerRankSize %zi nvlsTotalSize %zi
I	2.17.1	2.17.1	NVLS comm %p rank %d nranks %d buffSize %zi memSize %zi nvlsPerRankSize %zi nvlsTotalSize %zi
I	2.22.3	2.26.6	NVLS comm %p headRank %d nHeads %d buffSize %zu nvlsPerRankSize %zu nvlsTotalSize %zu
I	2.17.1	2.21.5	NVLS group %llx adding dev %d
I	2.17.1	2.30.7	NVLS importing shareableHandle %p from rank %d
I	2.27.3	2.29.7	NVLS multicast support is %savailable on dev %d (NVLS_NCHANNELS %d)
I	2.17.1	2.30.7	NVLS multicast support is %savailable on dev %d
I	2.26.2	2.30.7	NVLS rank %d (dev %d) alloc done, ucptr %p ucgran %ld mcptr %p mcgran %ld ucsize %ld mcsize %ld (inputsize %ld)
I	2.22.3	2.25.1	NVLS rank %d (dev %d) alloc done, ucptr %p ucgran %ld mcptr %p mcgran %ld size %ld (%ld)
I	2.27.3	2.27.7	NVLS symmetric alloc mc buffer ptr %p offset %ld UC addr %p UC size %ld symAllocHead %ld
I	2.30.3	2.30.7	NVLS tuning: nChannels %d chunkSize %d treeMaxChunkSize %d
I	2.30.7	2.30.7	NVLink target %s not visible, assuming NVSwitch
I	2.27.3	2.30.7	Net : Unsupported address family type
I	2.3.5	2.3.7	Net: enabling net device %d to read from rank %d
I	2.12.10	2.30.7	New proxy %s connection %d from local rank %d, transport %d
I	2.12.7	2.12.7	New proxy %s connection %d from %s, transport %d
I	2.27.3	2.30.7	No NVML device handle. Skipping nvlink detection.
I	2.29.2	2.30.7	No valid CTA policies found in NCCL_CTA_POLICY=%s.
I	2.3.5	2.4.8	No valid ring found in environment, ignoring
I	rocm-4.5.0	2024-10	Not performing bootstrap root for clique kernels as clique mode not enabled.
I	rocm-6.2.0	2024-10	Not using rocm_smi_lib due to WSL2 environment detected.
I	2.29.2	2.30.7	Number of segments exceeded maximum number of supported physical segments for p2p (%d). Skipping multi-segment registration.
I	2.19.1	2.20.5	Opened tuner: '%s'
I	2.16.2	2.30.7	P2P Chunksize set to %d
I	2.12.7	2.30.7	P2P is disabled between connected GPUs %d and %d. You can repress this message with NCCL_IGNORE_DISABLED_P2P=1.
I	2.24.3	2.30.7	P2P not supported between GPU%d and GPU%d
I	2.30.3	2.30.7	PARAM: Disabling caching for environment variable %s.
I	2.30.3	2.30.7	PARAM: key "%s" not found in registry
I	2.30.3	2.30.7	PARAM: type mismatch for key "%s"
I	2.23.4	2.25.1	PROFILER/Plugin: %s
I	2.29.3	2.30.7	PROFILER/Plugin: CeColl events - total=%d completed=%d
I	2.23.4	2.30.7	PROFILER/Plugin: Closing profiler plugin %s
I	2.23.4	2.25.1	PROFILER/Plugin: Could not find:%s.
I	2.28.3	2.30.7	PROFILER/Plugin: Loaded %s (v1)
I	2.28.3	2.30.7	PROFILER/Plugin: Loaded %s (v2)
I	2.28.3	2.30.7	PROFILER/Plugin: Loaded %s (v3)
I	2.28.3	2.30.7	PROFILER/Plugin: Loaded %s (v4)
I	2.28.3	2.30.7	PROFILER/Plugin: Loaded %s (v5)
I	2.29.2	2.30.7	PROFILER/Plugin: Loaded %s (v6)
I	2.23.4	2.25.1	PROFILER/Plugin: Plugin name set by env to %s
I	2.23.4	2.23.4	PROFILER/Plugin: failed to find %s.
I	2.24.3	2.27.7	PROFILER/Plugin: failed to find ncclProfiler_v1.
I	2.26.2	2.27.7	PROFILER/Plugin: failed to find ncclProfiler_v2
I	2.24.3	2.25.1	PROFILER/Plugin: failed to find ncclProfiler_v2.
I	2.26.2	2.27.7	PROFILER/Plugin: failed to find ncclProfiler_v3
I	2.27.3	2.27.7	PROFILER/Plugin: failed to find ncclProfiler_v4
I	2.29.3	2.30.7	PROFILER/Plugin: finalize commName: %s commHash: %lu nranks: %d rank: %d traceFile: %s
I	2.27.3	2.29.2	PROFILER/Plugin: finalize commName: %s commHash: %lu nranks: %d rank: %d
I	2.27.3	2.30.7	PROFILER/Plugin: init commName: %s commHash: %lu nranks: %d rank: %d
I	2.26.2	2.27.7	PROFILER/Plugin: loaded %s
I	2.24.3	2.25.1	PROFILER/Plugin: loaded ncclProfiler_v1.
I	2.24.3	2.25.1	PROFILER/Plugin: loaded ncclProfiler_v2.
I	2.12.7	2.30.7	PXN Disabled as plugin is v4
I	2.29.2	2.30.7	Parsed environment variable NCCL_CTA_POLICY=%s to %d
I	2.23.4	2.30.7	Paths from %s/%lx-%lx :
I	2.5.6	2.22.3	Paths from %s/%lX :
I	2.5.6	2.5.7	Pattern %d, crossNic %d, nChannels %d, speed %d/%d, nvlink %d, type %d, sameChannels %d
I	2.6.4	2.13.4	Pattern %d, crossNic %d, nChannels %d, speed %f/%f, type %s/%s, sameChannels %d
I	2.14.3	2.30.7	Pattern %d, crossNic %d, nChannels %d, bw %f/%f, type %s/%s, sameChannels %d
I	2.11.4	2.20.5	Plugin name set by env to %s
I	2.29.2	2.30.7	Profiler event mask: 0x%x (%d) - Enabled: %s
I	2.28.3	2.30.7	Profiler init failed with error '%d': %s. Continue without profiler.
I	2.28.3	2.30.7	Profiler/Plugin: Event Handle NULL for start event %s
I	2.28.3	2.30.7	Profiler/Plugin: context/eDescr NULL for start event %s
I	2.29.2	2.30.7	Proxy rank %d register reqBuff %p size %zu offset %ld legacyIpcCap %d sameProcess %d, totalSize : %zu
I	2.23.4	2.24.3	Proxy rank %d register succeeds, regAddr %p size %ld offset %ld legacyIpcCap %d sameProcess %d
I	2.25.1	2.30.7	Proxy rank %d register success regAddr %p size %ld offset %ld legacyIpcCap %d sameProcess %d
I	2.25.1	2.28.9	Proxy rank %d register reqBuff %p size %ld offset %ld legacyIpcCap %d sameProcess %d
I	2.20.3	2.30.7	ProxyCall UDS comm %p rank %d tpRank %d(%lx) reqSize %d respSize %d respFd %d opId %p - DONE
I	2.20.3	2.30.7	ProxyCall UDS comm %p rank %d tpRank %d(%lx) reqSize %d respSize %d respFd %p opId %p
I	2.17.1	2.17.1	Queing opId=%p
I	2.18.1	2.30.7	Queuing opId=%p respBuff=%p respSize=%d
I	2.24.3	2.30.7	RAS %s connection with %s (sendQ %sempty, experiencingDelays %d, startRetryTime %.2fs)
I	2.24.3	2.30.7	RAS %s socket connection with %s closed by peer on receive; terminating it
I	2.24.3	2.30.7	RAS already knew it was dead
I	2.24.3	2.30.7	RAS client listening socket at %s
I	2.24.3	2.29.7	RAS collective %s:%ld timeout error (%lds) -- giving up on %d missing responses
I	2.30.3	2.30.7	RAS collective %s:%lu timeout error (%lds) -- giving up on %d missing responses
I	2.24.3	2.29.7	RAS collective %s:%ld timeout warning (%lds) -- %d responses missing
I	2.30.3	2.30.7	RAS collective %s:%lu timeout warning (%lds) -- %d responses missing
I	2.29.2	2.30.7	RAS collective comms merge mismatch for newIdx %d: nRanks %d, nMissingRanks %d, commNRanks %d -- internal error?
I	2.29.2	2.30.7	RAS collective lacks a list entry -- internal error?
I	2.29.2	2.30.7	RAS collective type mismatch: request %d, ongoing %d -- internal error?
I	2.24.3	2.30.7	RAS connInit hash mismatch (my peersHash 0x%lx, deadPeersHash 0x%lx); sending my (dead) peers
I	2.24.3	2.30.7	RAS connect retry timeout (%lds) on socket connection with %s
I	2.24.3	2.30.7	RAS connect timeout warning (%lds) on socket connection with %s
I	2.29.2	2.30.7	RAS connect-side socket with %s lacks a connection -- internal error?
I	2.24.3	2.30.7	RAS connected with %s via a socket that's no longer current!
I	2.24.3	2.30.7	RAS connection experiencingDelays %d, startRetryTime %.2fs, socket status %d
I	2.24.3	2.30.7	RAS connection from peer %s that is considered dead!
I	2.24.3	2.30.7	RAS continuing in spite of an unexpected error from poll: %s
I	2.24.3	2.30.7	RAS dead peer %d: %s
I	2.24.3	2.30.7	RAS deadPeersHash 0x%lx
I	2.24.3	2.30.7	RAS declaring peer %s as DEAD; rasDeadPeersHash 0x%lx
I	2.26.2	2.30.7	RAS encountered duplicate data for rank %d -- possible hash collision (0x%lx, 0x%lx, 0x%lx)
I	2.24.3	2.25.1	RAS encountered duplicate data for rank %d -- possible commHash collision (0x%lx)
I	2.26.2	2.30.7	RAS encountered inconsistent communicator data: size %d != %d -- possible hash collision (0x%lx, 0x%lx, 0x%lx)
I	2.24.3	2.25.1	RAS encountered inconsistent communicator data: size %d != %d -- possible commHash collision (0x%lx)
I	2.26.2	2.30.7	RAS encountered more ranks (%d) than the communicator size (%d) -- possible hash collision (0x%lx, 0x%lx, 0x%lx)
I	2.24.3	2.25.1	RAS encountered more ranks (%d) than the communicator size (%d) -- possible commHash collision (0x%lx)
I	2.24.3	2.25.1	RAS encountered more ranks than the communicator size (%d) -- possible commHash collision (0x%lx)
I	2.24.3	2.30.7	RAS enqueued message type %d on a non-ready connection with %s (experiencingDelays %d, startRetryTime %.2fs, socket status %d)
I	2.24.3	2.30.7	RAS excessively long input line; terminating the client socket
I	2.24.3	2.30.7	RAS failed to establish a client listening socket at %s
I	2.24.3	2.30.7	RAS failed to find a matching client!
I	2.29.2	2.30.7	RAS failed to find a matching ongoing collective
I	2.24.3	2.28.9	RAS failed to find a matching ongoing collective for response %s:%ld from %s!
I	2.26.2	2.30.7	RAS failed to find coll->peer[%d] (%s) in rasPeers -- internal error?
I	2.26.2	2.30.7	RAS failed to find missingRank data -- internal error?
I	2.24.3	2.30.7	RAS finished local processing of addRanks request (new nRasPeers %d, nRankPeers %d)
I	2.24.3	2.30.7	RAS finished local processing of peersUpdate (new nRasPeers %d, nRasDeadPeers %d, nPeers %d, nDeadPeers %d)
I	2.29.2	2.30.7	RAS found a duplicate finished collective
I	2.29.2	2.30.7	RAS found a duplicate ongoing collective
I	2.24.3	2.30.7	RAS found a matching existing connection (sendQ %sempty, experiencingDelays %d, startRetryTime %.2fs)
I	2.24.3	2.30.7	RAS found an alternative existing socket (status %d, createTime %.2fs)
I	2.29.2	2.29.7	RAS handling collReq from %s (root %s:%ld, timeout %ld, type %d)
I	2.30.3	2.30.7	RAS handling collReq from %s (root %s:%lu, timeout %ld, type %d)
I	2.29.2	2.29.7	RAS handling collResp from %s (root %s:%ld, nPeers %d, nData %d, nLegTimeouts %d)
I	2.30.3	2.30.7	RAS handling collResp from %s (root %s:%lu, nPeers %d, nData %d, nLegTimeouts %d)
I	2.24.3	2.29.7	RAS handling connInit from %s (version %d, listeningAddr %s, peersHash 0x%lx, deadPeersHash 0x%lx)
I	2.30.3	2.30.7	RAS handling connInit from %s (version %s, listeningAddr %s, peersHash 0x%lx, deadPeersHash 0x%lx)
I	2.24.3	2.30.7	RAS handling connInitAck from %s (nack %d)
I	2.24.3	2.30.7	RAS handling deadPeer (addr %s)
I	2.24.3	2.30.7	RAS handling local addRanks request (old nRasPeers %d)
I	2.24.3	2.30.7	RAS handling local termination request
I	2.24.3	2.30.7	RAS handling peersUpdate from %s (peersHash 0x%lx, deadPeersHash 0x%lx, nPeers %d, nDeadPeers %d)
I	2.24.3	2.30.7	RAS idle timeout (%lds) on socket connection with %s
I	2.24.3	2.30.7	RAS init timeout error (%lds) on socket connection with %s (experiencingDelays %d, startRetryTime %.2fs, socket status %d)
I	2.24.3	2.30.7	RAS init timeout error (%lds) on incoming socket connection from %s
I	2.26.2	2.30.7	RAS invalid address family %d -- internal error?
I	2.26.2	2.30.7	RAS invalid client status %d -- internal error?
I	2.26.2	2.30.7	RAS invalid collective operation status; client status %d -- internal error?
I	2.24.3	2.30.7	RAS keep-alive timeout error (%lds) on socket connection with %s
I	2.24.3	2.30.7	RAS keep-alive timeout warning (%lds) on socket connection with %s
I	2.24.3	2.30.7	RAS keepAlive hash mismatch from %s (peersHash 0x%lx, deadPeersHash 0x%lx)
I	2.24.3	2.30.7	RAS keeping the new socket and terminating the existing one
I	2.29.2	2.30.7	RAS link %d: rasLinkConnAddExternal new link index %d later in the list than the old one (oldLinkConn %s, oldLinkIdx %d) -- internal error?
I	2.29.2	2.30.7	RAS link %d: rasLinkConnAdd new link index %d later in the list than the old one (insert %d, oldLinkConn %s, oldLinkIdx %d) -- internal error?
I	2.29.2	2.30.7	RAS link %d: rasLinkConnAdd peerIdx %d mismatch with connection with %s (pretend %d, insert %d, oldLinkConn->peerIdx %d) -- internal error?
I	2.29.2	2.30.7	RAS link %d: rasLinkConnAddExternald peerIdx %d mismatch with connection with %s (oldLinkConn->peerIdx %d) -- internal error?
I	2.29.2	2.30.7	RAS link %d: rasLinkConnAdd connection mismatch: linkConn %s, conn %s (peerIdx %d, pretend %d, insert %d) -- internal error?
I	2.29.2	2.30.7	RAS link %d: rasLinkConnAdd attempting to replace an existing primary connection with %s -- internal error?
I	2.29.2	2.30.7	RAS link %d: rasLinkConnAddExternal connection mismatch: linkConn %s, conn %s (peerIdx %d) -- internal error?
I	2.29.2	2.30.7	RAS link %d: rasLinkConnAdd invoked with invalid peerIdx (pretend %d, insert %d) -- internal error?
I	2.29.2	2.30.7	RAS link %d: rasLinkConnAddExternal invoked with nullptr conn (peerIdx %d) -- internal error?
I	2.29.2	2.30.7	RAS link %d: found connection with %s that has uninitialized peerIdx -- internal error?
I	2.29.2	2.30.7	RAS link %d: rasLinkConnUpdate invoked with conn %s, peerIdx %d -- internal error?
I	2.29.2	2.30.7	RAS link %d: could not add a fallback connection with %s -- internal error?
I	2.26.2	2.30.7	RAS link %d: adding external fallback with %s as a new primary connection
I	2.24.3	2.30.7	RAS link %d: former fallback connection 1 with %s is the new primary
I	2.24.3	2.25.1	RAS link %d: calculated existing fallback connection %d with %s
I	2.24.3	2.30.7	RAS link %d: calculated existing primary connection with %s
I	2.24.3	2.30.7	RAS link %d: adding external fallback connection %d with %s
I	2.26.2	2.30.7	RAS link %d: moving %sfallback connection with %s from %d to %d
I	2.24.3	2.25.1	RAS link %d: opening new fallback connection %d with %s
I	2.24.3	2.30.7	RAS link %d: dropping %sfallback connection %d with %s
I	2.24.3	2.30.7	RAS link %d: dropping primary connection with %s
I	2.24.3	2.25.1	RAS link %d: no more fallbacks to add (nConns %d)
I	2.26.2	2.30.7	RAS link %d: no more fallbacks to add (total %d)
I	2.24.3	2.30.7	RAS link %d: %s fallback connection %d with %s
I	2.24.3	2.30.7	RAS link %d: %s primary connection with %s
I	2.24.3	2.30.7	RAS my old rasPeersHash 0x%lx, rasDeadPeersHash 0x%lx, nRasPeers %d, nRasDeadPeers %d
I	2.24.3	2.30.7	RAS my peersHash 0x%lx, deadPeersHash 0x%lx
I	2.24.3	2.30.7	RAS network listening socket at %s
I	2.24.3	2.30.7	RAS new incoming socket connection from %s
I	2.29.2	2.30.7	RAS new peer %s but there's no room for it: newPeerIdx %d, newNRasPeers %d, nRasPeers %d -- internal error?
I	2.29.2	2.30.7	RAS new peer %s but there's no room for it: newNRasPeers %d, nRasPeers %d -- internal error?
I	2.29.2	2.30.7	RAS non-terminating socket with %s lacks a connection: status %d -- internal error?
I	2.29.2	2.30.7	RAS non-terminating socket with %s is not current: status %d -- internal error?
I	2.24.3	2.29.7	RAS not waiting for response from %s to collective %s:%ld (nFwdSent %d, nFwdRecv %d, nLegTimeouts %d)
I	2.30.3	2.30.7	RAS not waiting for response from %s to collective %s:%lu (nFwdSent %d, nFwdRecv %d, nLegTimeouts %d)
I	2.29.2	2.30.7	RAS old peer %s in-place mismatch: newPeerIdx %d, peerIdx %d, newNRasPeers %d, nRasPeers %d -- internal error?
I	2.29.2	2.30.7	RAS old peer %s but there's no room for it: newPeerIdx %d, newNRasPeers %d, nRasPeers %d -- internal error?
I	2.26.2	2.30.7	RAS overflow of auxPeersBuf: nPeersBuf %d, rasPeerIdx %d (%s), collPeerIdx %d -- internal error?
I	2.29.2	2.30.7	RAS overflow of collData: collIdx %d, nComms %d, nData %d, needs %td -- internal error?
I	2.29.2	2.30.7	RAS overflow of commsData: collCommIdx %d, nComms %d, nRanks %d, missingRankIdx %d, nMissingRanks %d, pNData %d, needs %td -- internal error?
I	2.29.2	2.30.7	RAS overflow of commsData: collCommIdx %d, nComms %d, rank %d, commIdx %d, pNData %d, needs %td -- internal error?
I	2.29.2	2.30.7	RAS overflow of commsData: collCommIdx %d, nComms %d, pNData %d, needs %td -- internal error?
I	2.29.2	2.30.7	RAS overflow of msgData: msgIdx %d, nComms %d, nData %d, needs %td -- internal error?
I	2.29.2	2.30.7	RAS overflow of negativeMins: connsData.nNegativeMins %d, negMinsIdx %d -- internal error?
I	2.29.2	2.30.7	RAS overflow of newData: newIdx %d, collIdx %d, msgIdx %d, newRankIdx %d, collRankIdx %d, msgRankIdx %d, newNRanks %d, collNranks %d, msgNranks %d, nNewData %d, needs %td -- internal error?
I	2.29.2	2.30.7	RAS overflow of newData: newIdx %d, collIdx %d, msgIdx %d, newRankIdx %d, collRankIdx %d, collNMissingRanks %d, nNewData %d, needs %td -- internal error?
I	2.29.2	2.30.7	RAS overflow of newData: newIdx %d, collIdx %d, msgIdx %d, nNewData %d, needs %td -- internal error?
I	2.29.2	2.30.7	RAS overflow of rankPeer: rankPeerIdx %d, nranks %d -- internal error?
I	2.24.3	2.30.7	RAS peer %d: %s%s
I	2.24.3	2.30.7	RAS peer connect timeout warning (%lds) on socket connection from %s
I	2.24.3	2.30.7	RAS peersHash 0x%lx
I	2.29.2	2.30.7	RAS peersUpdate discrepancy: updateDeadPeers is true but nRasDeadPeers is 0 -- internal error?
I	2.29.2	2.30.7	RAS peersUpdate discrepancy: updatePeers is true but nPeers is 0 -- internal error?
I	2.29.2	2.30.7	RAS pid mismatch for the same address %s: rank->pid %d, rasPeer->pid %d -- internal error?
I	2.30.7	2.30.7	RAS poll returned POLLNVAL on pollIdx %d (fd %d) -- internal error?
I	2.29.2	2.30.7	RAS post-merge discrepancy: found value %d
I	2.29.2	2.30.7	RAS post-merge discrepancy: myPeerIdx %d, newMyPeerIdx -1, found value %d -- internal error?
I	2.29.2	2.30.7	RAS post-merge discrepancy: myPeerIdx %d, newMyPeerIdx %d -- internal error?
I	2.29.2	2.30.7	RAS post-merge discrepancy: newPeerIdx %d, newNRasPeers %d, nRasPeers %d, nRankPeers %d -- internal error?
I	2.24.3	2.29.7	RAS purging collective %s:%ld because it comes from %s
I	2.30.3	2.30.7	RAS purging collective %s:%lu because it comes from %s
I	2.29.2	2.30.7	RAS ranks discrepancy for %s: identical entries with index difference %td -- internal error?
I	2.29.2	2.30.7	RAS ranks discrepancy for same address %s: r1->pid %d, r2->pid %d -- internal error?
I	2.29.2	2.30.7	RAS received a keep-alive message on socket with %s that lacks a connection: status %d -- internal error?
I	2.24.3	2.30.7	RAS send stuck timeout error (%lds) on socket connection with %s
I	2.24.3	2.30.7	RAS sending NACK to %s
I	2.24.3	2.30.7	RAS sending a peersUpdate to %s (nPeers %d, nDeadPeers %d)
I	2.24.3	2.30.7	RAS sending back a peersUpdate (nPeers %d, nDeadPeers %d)
I	2.24.3	2.30.7	RAS socket closed by the client on receive; terminating it
I	2.24.3	2.30.7	RAS socket closed by the client on send; terminating it
I	2.24.3	2.30.7	RAS socket connection with %s closed by peer on send; terminating it
I	2.27.3	2.30.7	RAS socket in closed state passed for termination -- internal error?
I	2.29.2	2.30.7	RAS socket lacks a connection: status %d -- internal error?
I	2.24.3	2.30.7	RAS terminating a connection with %s
I	2.24.3	2.30.7	RAS terminating the new socket
I	2.24.3	2.30.7	RAS termination stuck timeout error (%lds) on socket connection with %s
I	2.24.3	2.30.7	RAS thread started
I	2.26.2	2.30.7	RAS thread terminating
I	2.24.3	2.30.7	RAS trying to reconnect with %s (experiencingDelays %d, startRetryTime %.2fs)
I	2.24.3	2.30.7	RAS unexpected error from ncclSocketReady; terminating the socket connection with %s
I	2.24.3	2.30.7	RAS unexpected error from rasConnPrepare; terminating the socket connection with %s
I	2.24.3	2.30.7	RAS unexpected error from rasConnSendMsg; terminating the socket connection with %s
I	2.24.3	2.30.7	RAS unexpected error from rasMsgRecv; terminating the socket connection with %s
I	2.24.3	2.30.7	RAS unexpected error from recv; terminating the client socket
I	2.24.3	2.30.7	RAS unexpected error from send; terminating the client socket
I	rocm-4.5.0	2024-10	RCCL enabled same node P2P over network
I	rocm-4.5.0	2024-10	RCCL force disabled same node P2P over network
I	rocm-4.5.0	2024-10	RCCL_DUMP_ROME_MODEL_FILE set by environment to %s
I	2024-10	2024-10	RCCL_FORCE_ENABLE_GDRDMA = 1, so explicitly setting moduleLoaded = 1
I	2.30.7	2.30.7	RMA/Plugin: Assigned plugin %s to comm
I	2.30.7	2.30.7	RMA/Plugin: Disabling external plugins: %s
I	2.30.7	2.30.7	RMA/Plugin: Failed to initialize any plugin
I	2.30.7	2.30.7	RMA/Plugin: Failed to load external plugin %s, dlHandle: %p, ncclRma: %p
I	2.30.7	2.30.7	RMA/Plugin: Loaded rma plugin %s (v13)
I	2.30.7	2.30.7	RMA/Plugin: Loaded rma plugin %s (v14)
I	2.30.7	2.30.7	RMA/Plugin: Successfully loaded external plugin %s
I	2.30.7	2.30.7	RMA/Plugin: Unloading plugin %s
I	rocm-5.4.0	2024-10	ROCr version %d.%d
I	2.30.3	2.30.7	Rank %d ncclRmaProxyPollNonPersistDesc: targetRank=%d descSeq=%lu readySeq=%lu srcOff=%lu srcHandle=%p dstOff=%lu dstHandle=%p size=%lu - issuing network operation
I	2.29.2	2.29.7	Rank %d ncclRmaProxyPollDesc: targetRank=%d descSeq=%lu readySeq=%lu srcOff=%lu srcHandle=%p dstOff=%lu dstHandle=%p size=%lu - issuing network operation
I	2.30.3	2.30.4	Rank %d ncclRmaProxyPollNonPersistCompletion: targetRank=%d descSeq=%lu COMPLETED, updating doneSeq
I	2.30.7	2.30.7	Rank %d ncclRmaProxyPollNonPersistCompletion: peer=%d type=%d descSeq=%lu COMPLETED, updating doneSeq
I	2.30.7	2.30.7	Rank %d ncclRmaProxyPollNonPersistDesc: Group(nOps=%d) descSeq=%lu readySeq=%lu - issuing all ops
I	2.29.2	2.30.4	Rank %d ncclRmaProxyConnectOnce: ginCommCount %d rmaProxyCtxCount:%d needsProxyProgress %d
I	2.29.2	2.29.7	Rank %d ncclRmaProxyPollCompletion: targetRank=%d descSeq=%lu COMPLETED, updating doneSeq
I	2.30.3	2.30.7	Rank %d ncclRmaProxyPollPersistDesc: peer=%d WaitSignal ready, start polling signals
I	2.30.3	2.30.7	Rank %d ncclRmaProxyPollPersistDesc: peer=%d WaitSignal all arrived, doneSeq set
I	2.30.3	2.30.7	Rank %d ncclRmaProxyPollPersistDesc: peer=%d PutSignal completed, doneSeq set
I	2.18.1	2.30.7	Rank %d has color with NCCL_SPLIT_NOCOLOR, not creating a new communicator
I	2.30.7	2.30.7	Rank %d ncclRmaProxyPollPersistDesc: peer=%d Group complete, doneSeq set
I	2.30.7	2.30.7	Rank %d ncclRmaProxyConnectOnce: rmaCommCount %d rmaProxyCtxCount:%d
I	2.30.7	2.30.7	Rank %d ncclRmaProxyPollPersistDesc: peer=%d Group(nOps=%d) issued
I	2.30.3	2.30.7	Rank %d ncclRmaProxyPollPersistDesc: peer=%d PutSignal issued
I	2.29.2	2.30.7	Rank %d: Generated commHash 0x%lx from baseMagic 0x%lx and newNRanks %d
I	2.29.2	2.30.7	Rank %d: finished init RMA CE contexts, numRmaCeCtxs %d
I	2.30.3	2.30.7	Rank %d has %d local CollNet devices (max %d).
I	rocm-4.5.0	2024-10	Rank %d waiting for pointers for opIndex %d
I	rocm-4.5.0	2024-10	Rank %d Initializing message queue for %s
I	rocm-4.5.0	2024-10	Rank %d declaring pointers for opIndex %d
I	2.30.3	2.30.7	Rank %d has %d local Net devices (max %d).
I	rocm-4.5.0	2024-10	Rank %d past opIndex barrier %d
I	rocm-5.4.0	2024-10	Rank %d deleting IPC caches
I	2.30.3	2.30.7	Rank %d: %d CollNet devices
I	2.30.3	2.30.7	Rank %d: %d Net devices
I	2.17.1	2.30.7	Received and initiated operation=%s res=%d
I	2.3.5	2.3.7	Recv : got retcode %d, retrying
I	2.3.7	2.3.7	Reduce: opCount %lx sendbuff %p recvbuff %p count %zi datatype %d op %d root %d comm %p [nranks=%d] stream %p
I	2.3.7	2.3.7	ReduceScatter: opCount %lx sendbuff %p recvbuff %p count %zi datatype %d op %d root %d comm %p [nranks=%d] stream %p
I	2.29.7	2.30.7	ReduceScatter_RailA2A_Lsa%s : satblocks=%d bufsize=%d effbw=%g
I	2.22.3	2.23.4	Register ptr %p size %ld on %d net devices
I	2.24.3	2.27.7	Retrieving state for %s
I	rocm-3.5.0	2024-10	Ring %02d : %d -> %d failed to get link type and hop count
I	2.3.5	2.4.8	Ring %02d : %d[%d] -> %d[%d] via direct shared memory
I	2.5.6	2.6.4	Ring %02d : %d[%lx] -> %d[%lx] via direct shared memory
I	2.3.5	2.4.8	Ring %02d : %d[%d] -> %d[%d] via P2P/direct pointer
I	2.5.6	2.6.4	Ring %02d : %d[%lx] -> %d[%lx] via P2P/direct pointer
I	2.5.6	2.6.4	Ring %02d : %d[%d] -> %d[%d] via P2P/common device
I	2.5.6	2.6.4	Ring %02d : %d[%lx] -> %d[%lx] [receive] via NET/%s/%d%s
I	2.3.5	2.4.8	Ring %02d : %d -> %d via P2P/common device
I	2.5.6	2.6.4	Ring %02d : %d[%lx] -> %d[%lx] [send] via NET/%s/%d%s
I	2.4.2	2.4.8	Ring %02d : %d -> %d [receive] via NET/%s/%d%s
I	rocm-4.5.0	2024-10	Ring %d : %d -> %d -> %d comm %p nRanks %02d busId %lx
I	2.4.2	2.4.8	Ring %02d : %d -> %d [send] via NET/%s/%d%s
I	2.3.5	2.4.8	Ring %02d : %d[%d] -> %d[%d] via P2P/IPC
I	2.5.6	2.6.4	Ring %02d : %d[%lx] -> %d[%lx] via P2P/IPC
I	2.3.5	2.3.7	Ring %02d : %d -> %d via NET/%s/%d%s%s
I	2.10.3	2.30.7	Ring %02d : %d -> %d -> %d
I	rocm-3.5.0	rocm-3.5.0	Ring %d : %d -> %d -> %d
I	2.30.3	2.30.4	SHM legacy: cudaHostRegister/cudaHostGetDevicePointer failed: %s; segment will be used unpinned (staging path)
I	2.30.3	2.30.7	SHM legacy: sharing buffer with GPU via cudaHostRegister + cudaHostGetDevicePointer (host %p size %ld)
I	2.7.3	2.30.7	Search %d : %d channels loaded from XML graph
I	2.3.5	2.3.7	Send : got retcode %d, retrying
I	2.19.3	2.21.5	Set Access for buffer %p size %zi on dev %d
I	2.22.3	2.22.3	Set Access for buffer %p size %zu on dev %d
I	2.4.2	2.27.7	Setting affinity for GPU %d to %s
I	rocm-5.7.0	2024-10	Setting cudaLimitStackSize to %zi maxLocalSizeBytes %zi
I	2.28.7	2.30.7	Skipping %skernel %d which requires driver %d
I	2.30.3	2.30.7	Skipping bind multicast for maxGlobalNumSegments = %d, big=%lx, team {%d x %d}
I	2.28.7	2.30.7	Skipping graph registration for buffer %p size %zi (P2pUsesMemcpy=%d)
I	2.30.3	2.30.7	Skipping registration for buffer %p size %zi since it contains segments backed by CPU memory
I	2.28.7	2.30.7	Skipping registration for buffer %p size %zi (LocalRegister=%ld, P2pUsesMemcpy=%d)
I	2.30.7	2.30.7	Socket handshake magic 0x%016llx (%s)
I	2.12.7	2.15.5	Socket progress: abort called
I	2.28.3	2.30.7	Stack size limit (%s) is unsafe; will use %dKB for newly launched threads
I	2.28.7	2.30.7	Successfully loaded external env plugin %s
I	2.29.7	2.30.4	Successfully loaded external gin plugin %s
I	2.28.3	2.30.7	Successfully loaded external network plugin %s
I	2.27.3	2.27.7	Successfully loaded external plugin %s
I	2.28.3	2.30.7	Successfully loaded external profiler plugin %s
I	2.28.3	2.30.7	Successfully loaded external tuner plugin %s
I	2.29.7	2.30.7	SymCheck: coll %s size %ld rank %d bigOffset %lx userOffset %lx info->recvbuff %p recvWin->userPtr %p
I	2.29.7	2.30.7	SymCheck: coll %s size %ld rank %d bigOffset %lx userOffset %lx info->sendbuff %p sendWin->userPtr %p
I	2.28.3	2.30.7	Symmetric VA size=%ldGB
I	2.29.7	2.30.4	Symmetric memory is not supported. cuMemEnable %d, globalGinSupport %d, globalNicFused %d cuMemGdrSupport %d
I	2.30.7	2.30.7	Symmetric memory is not supported. cuMemEnable %d, globalGinSupport %d, cuMemGdrSupport %d
I	2.29.2	2.29.3	Symmetric memory is not supported. cuMemEnable %d, ginSupport %d, globalNicFused %d
I	2.29.2	2.30.7	Symmetric registration is not supported in this communicator.
I	2.27.3	2.30.7	TOPO/NET : Changing %s dev index from %d to %d
I	2.24.3	2.30.7	TOPO/NET : Force-fusing NICs using NCCL_NET_FORCE_MERGE=%s
I	2.24.3	2.30.7	TOPO/NET : Importing network plugins to topology
I	2.24.3	2.30.7	TOPO/NET : Made vNic %d
I	2.26.2	2.30.7	TOPO/NET : Tried merging multiple devices together and failed. vProps={ndevs=%d, devs=[%d %d %d %d]}. Set NCCL_NET_MERGE_LEVEL=LOC to disable NIC fusion.
I	2.22.3	2.25.1	TUNER/Plugin: %s
I	2.21.5	2.30.7	TUNER/Plugin: Closing tuner: '%s'
I	2.22.3	2.25.1	TUNER/Plugin: Could not find:%s. Using internal tuner plugin.
I	2.21.5	2.21.5	TUNER/Plugin: Failed to find %s, using internal tuner instead.
I	2.22.3	2.27.7	TUNER/Plugin: Failed to find ncclTunerPlugin_v2 symbol, using internal tuner instead.
I	2.22.3	2.27.7	TUNER/Plugin: Failed to find ncclTunerPlugin_v3 symbol.
I	2.24.3	2.27.7	TUNER/Plugin: Failed to find ncclTunerPlugin_v4 symbol.
I	2.21.5	2.21.5	TUNER/Plugin: Most recent plugin load returned %d : %s. All attempts to load '%s' also failed.
I	2.21.5	2.25.1	TUNER/Plugin: NCCL_TUNER_PLUGIN set to %s
I	2.21.5	2.21.5	TUNER/Plugin: No plugin found (%s)
I	2.21.5	2.21.5	TUNER/Plugin: Plugin load returned %d : %s : when loading %s
I	2.21.5	2.25.1	TUNER/Plugin: Plugin name set by env to %s
I	2.28.3	2.30.7	TUNER/Plugin: Using %s (v2)
I	2.28.3	2.30.7	TUNER/Plugin: Using %s (v3)
I	2.28.3	2.30.7	TUNER/Plugin: Using %s (v4)
I	2.28.3	2.30.7	TUNER/Plugin: Using %s (v5)
I	2.30.3	2.30.7	TUNER/Plugin: Using %s (v6)
I	2.21.5	2.25.1	TUNER/Plugin: Using internal tuner plugin.
I	2.21.5	2.27.7	TUNER/Plugin: Using tuner plugin %s
I	2.5.6	2.5.7	Threads per block : %d/%d/%d
I	2.6.4	2.30.7	Topology detection : could not read %s, ignoring
I	2.30.7	2.30.7	Topology detection: could not read %s, using empty affinity
I	2.6.4	2.27.7	Topology detection: network path %s is not a PCI device (%s). Attaching to first CPU
I	2.28.3	2.30.7	Topology detection: network path (name = %s) %s is not a PCI device (%s). Attaching to first CPU
I	2.8.3	2.30.7	Tree %d : %d -> %d -> %d/%d/%d
I	2.19.1	2.20.5	Tuner: failed to find %s in plugin (%s), using default tuner instead.
I	2.19.1	2.20.5	Tuner: no plugin found '%s', using default tuner instead.
I	2.19.1	2.20.5	Tuner: plugin load '%s' returned error (%d : %s), using default tuner instead.
I	2.30.3	2.30.7	Tuning P2P operations with maxP2pPeers = %d
I	2.18.1	2.18.6	UDS converted fd %d -> %d on peer %d
I	2.19.1	2.30.7	UDS converted handle 0x%lx to fd %d on remote peer %d
I	2.18.1	2.18.6	UDS proxyConvertFd received fd %d peer %d opId %lx
I	2.19.1	2.30.7	UDS proxyGetFd received handle 0x%lx peer %d opId %lx
I	2.23.4	2.30.7	UDS: ClientGetFd handle 0x%lx tpRank %d returned fd %d sameProcess %d
I	2.20.3	2.22.3	UDS: ClientGetFd handle 0x%lx tpRank %d returned fd %d
I	2.23.4	2.30.7	UDS: ClientQueryFd localFd %d tpRank %d remote fd %d sameProcess %d
I	2.29.2	2.30.7	UDS: ClientQueryFdBatch localFd %d tpRank %d remote fd %d sameProcess %d segment %d
I	2.20.3	2.20.3	UDS: Creating service thread comm %p rank %d pidHash %lx
I	2.20.5	2.30.7	UDS: Creating service thread comm %p rank %d
I	2.17.1	2.17.1	UDS: proxyConvertFd received fd %d peer %d connection %lx
I	2.27.3	2.30.7	Unable to open %s, not dumping topology.
I	2.28.3	2.30.7	Unable to recognize NCCL_NETDEVS_POLICY=%s, using NCCL_NETDEVS_POLICY_AUTO instead.
I	rocm-5.4.0	2024-10	Unable to register signal handler for %s
I	2.29.7	2.30.7	Unable to use GIN: Peermem is not supported, nor DMA-BUF.
I	2.24.3	2.30.7	Unexpected error from ncclSocketReady; terminating the socket connection with %s
I	2.29.2	2.30.7	Unknown CTA policy %s passed as environment variable. Ignoring.
I	2.29.2	2.30.7	Unknown CTA policy; the legacy usage of NCCL_CTA_POLICY only supports the value of 0 (DEFAULT), 1 (EFFICIENCY), or 2 (ZERO). Using DEFAULT instead.
I	2.30.3	2.30.7	Unlinking shared memory %s (Windows will clean up automatically)
I	2.27.3	2.30.7	Unloading plugin %s
I	rocm-3.5.0	rocm-3.5.0	Use chordal ring: %s
I	2.27.3	2.30.7	User asked for a maximum of %d channels, setting it to 1
I	2.27.3	2.30.7	User asked for a minimum of %d channels, limiting to %d
I	2.4.2	2.4.8	Using %d threads, Min Comp Cap %d, Trees disabled
I	2.4.2	2.4.8	Using %d threads, Min Comp Cap %d, Trees %s
I	2.3.5	2.3.7	Using %d threads
I	rocm-5.7.0	2024-10	Using MSCCL files from %s
I	2.19.1	2.30.7	Using NCCL_NET_DEVICE_UNPACK net plugin version %d
I	2.3.5	2.3.7	Using external Network %s
I	2.3.5	2.3.7	Using internal Network %s
I	2.6.4	2.30.7	Using network %s
I	2.19.1	2.21.5	Using non-device net plugin version %d
I	2.19.1	2.20.5	Using tuner plugin: '%s'
I	rocm-5.4.0	rocm-5.4.0	Using tuning table %d with LL128 %s
I	2.29.7	2.30.7	WSAStartup succeeded, Winsock version %d.%d
I	2.30.3	2.30.7	Warning: ENV %s is deprecated. It may be removed or become unused in future versions.
I	2.30.3	2.30.7	Warning: ENV %s is unused. Setting it has no effect.
I	2.28.3	2.30.4	Widening links
I	2.6.4	2.30.7	XML Parse : Ignoring extra attributes (max %d)
I	2.28.7	2.30.7	[%d] Connected self-loop peer companion QP: qp_idx=%d, peer_companion_qpn=%#x, companion_qpn=%#x
I	2.30.3	2.30.4	[%s] Failed to create CUDA context on device %d with error %d, disabling cuda context.
I	2.28.7	2.30.7	[%d] Connected companion QP: qp_idx=%d, companion_qpn=%#x, peer_companion_qpn=%#x
I	2.30.3	2.30.4	[%s] Unable to create thread context due to old driver, disabling cuda context.
I	2.29.7	2.30.7	[%d] Created a QP group: qp_idx=%d, main_qpn=%#x, companion_qpn=%#x, reliable_db=%s
I	2.28.7	2.30.7	[%d] Connected main QP: qp_idx=%d, main_qpn=%#x, remote_rank=%d, remote_qpn=%#x
I	2.30.3	2.30.7	[%d] Segment %d, Type : %d, numSegments : %d, Segment size : %ld, memHandle : %lld
I	2.30.7	2.30.7	[%d] Connected self-loop QP: qp_idx=%d, main_qpn=%#x, peer_qpn=%#x
I	2.28.7	2.29.3	[%d] Created a QP group: qp_idx=%d, main_qpn=%#x, companion_qpn=%#x
I	2.28.7	2.30.7	[%d] Registered MR: data=%p, size=%zu, lkey(be32)=%#x, rkey(be32)=%#x
I	2.28.7	2.30.7	[%d] Connected self-loop peer QP: qp_idx=%d, qpn=%#x, main_qpn=%#x
I	2.28.7	2.30.7	[%d] Created a self-loop peer companion QP: qp_idx=%d, qpn=%#x
I	2.30.3	2.30.4	[%s] Failed to set CUDA context on device %d with error %d.
I	2.28.7	2.30.7	[%d] Unregistering MR: lkey(be32)=%#x, rkey(be32)=%#x
I	2.30.7	2.30.7	[%d] Created a QP: qp_idx=%d, qpn=%#x, reliable_db=%s
I	2.28.7	2.30.7	[%d] Created a self-loop peer QP: qp_idx=%d, qpn=%#x
I	2.18.1	2.22.3	[Proxy Progress] Created CUDA context on device %d
I	2.23.4	2.30.7	[Proxy Progress] Device %d CPU core %d
I	2.23.4	2.30.4	[Proxy Progress] Set CUDA context on device %d
I	2.20.3	2.22.3	[Proxy Service UDS] Created CUDA context on device %d
I	2.23.4	2.30.7	[Proxy Service UDS] Device %d CPU core %d
I	2.23.4	2.30.4	[Proxy Service UDS] Set CUDA context on device %d
I	2.20.3	2.30.7	[Proxy Service UDS] exit: stop %d abortFlag %d
I	2.18.1	2.30.4	[Proxy Service] Created CUDA context on device %d
I	2.23.4	2.30.7	[Proxy Service] Device %d CPU core %d
I	rocm-6.2.0	2024-10	[RINGS] %s
I	2.29.2	2.30.7	[Rank %d] %s comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx commId 0x%llx - Init START
I	2.30.3	2.30.7	[Service thread] Accept failed %s
I	2.12.7	2.30.7	[Service thread] Connection closed by localRank %d
I	rocm-6.2.0	2024-10	[WARN] Dropping back due to lack of support for odd-number of nodes for model index %d
I	2024-10	2024-10	[rocprofiler-sdk-rccl][ = %d ] rocprofiler-register returned code = %d : %s
I	2.20.3	2.22.3	bootstrapSplit: comm %p parent %p rank %d nranks %d color %d key %d prev %d next %d - DONE
I	2.18.1	2.19.4	bootstrapSplit: rank %d nranks %d color %d key %d prev %d next %d - DONE
I	2.27.3	2.30.7	collnetEnable %d is not a valid value 0/1, set it to 0
I	rocm-6.0.0	rocm-6.2.0	comm %p rank %d nranks %d cudaDev %d busId %lx commId 0x%llx localSize %zi used %ld bytes - Init COMPLETE
I	rocm-5.4.0	rocm-5.4.0	comm %p rank %d nranks %d cudaDev %d busId %lx localSize %ld used %ld bytes - Init COMPLETE
I	rocm-5.7.0	rocm-5.7.0	comm %p rank %d nranks %d cudaDev %d busId %lx localSize %zi used %ld bytes - Init COMPLETE
I	2.18.3	2.20.5	comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx commId 0x%llx - Init COMPLETE
I	2.18.3	2.20.5	comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx commId 0x%llx - Init START
I	2.28.7	2.30.7	comm %p rank %d nRanks %d cudaDev %d busId %lx - Revoke COMPLETE, result %d
I	rocm-4.5.0	rocm-5.0.0	comm %p rank %d nranks %d cudaDev %d busId %lx used %ld bytes - Init COMPLETE
I	2.16.2	2.18.1	comm %p rank %d nranks %d cudaDev %d busId %lx commId 0x%llx - Init COMPLETE
I	2.20.3	2.30.7	comm %p rank %d nRanks %d nNodes %d localRanks %d localRank %d MNNVL %d
I	rocm-6.0.0	rocm-6.2.0	comm %p rank %d nranks %d cudaDev %d busId %lx commId 0x%llx - Init START
I	rocm-4.5.0	rocm-5.0.0	comm %p rank %d total %ld bytes - P2P NET preconnect COMPLETE
I	2.12.7	2.21.5	comm %p rank %d nranks %d cudaDev %d busId %lx - Destroy COMPLETE
I	2.4.2	2.4.8	comm %p rank %d nranks %d cudaDev %d nvmlDev %d - Init COMPLETE
I	2.12.7	2.21.5	comm %p rank %d nranks %d cudaDev %d busId %lx - Abort COMPLETE
I	rocm-4.5.0	rocm-5.0.0	comm %p rank %d total %ld bytes - P2P preconnect COMPLETE
I	2.8.4	2.15.5	comm %p rank %d nranks %d cudaDev %d busId %lx - Init COMPLETE
I	2.5.6	2.8.3	comm %p rank %d nranks %d cudaDev %d busId %x - Init COMPLETE
I	2.28.7	2.30.7	comm %p rank %d nRanks %d cudaDev %d busId %lx - Revoke START
I	2.28.3	2.30.7	comm %p rank %d nRanks %d cudaDev %d busId %lx - Abort START
I	2.22.3	2.30.7	comm %p rank %d nranks %d cudaDev %d busId %lx - %s COMPLETE
I	2.4.2	2.4.2	comm %p rank %d nranks %d cudaDev %d nvmlDev %d
I	2.3.7	2.3.7	comm %p rank %d nranks %d - COMPLETE
I	2.3.5	2.3.7	comm %p rank %d nranks %d
I	2.26.3	2.30.7	cuMem host allocations do not appear to be working; falling back to a /dev/shm/ based implementation. This could be due to the container runtime disabling NUMA support. To disable this warning, set NCCL_CUMEM_HOST_ENABLE=0
I	2.13.4	2.30.7	cudaDriverVersion %d
I	2.29.7	2.29.7	devCommCreate: %d Local NET, creating %d GIN connections with %d contexts each (%d contexts total requested)
I	2.30.3	2.30.7	devCommCreate: creating %d contexts: %d GIN connections with %d contexts each (%d contexts total requested)
I	2.3.5	2.29.7	dlsym failed on %s, ignoring
I	2.27.5	2.30.7	dlvsym failed on %s - %s version %s
I	2.28.3	2.30.7	failed to decode NCCL_PROXY_CPUSET=%s. Ignoring
I	2.22.3	2.30.7	fallocate: Failed to extend %s to %ld bytes, error: %s (%d) - retrying
I	2.29.7	2.30.7	ginForceEnable is being deprecated in favor of explicitly setting ginConnectionType!
I	2.29.7	2.30.7	ginForceEnable set to true, defaulting ginConnectionType to NCCL_GIN_CONNECTION_FULL
I	rocm-4.5.0	rocm-5.0.0	hipDeviceGetAttribute(hipDeviceAttributeCooperativeMultiDeviceLaunch, %d) failed with %s
I	rocm-5.4.0	rocm-6.2.0	hsa_amd_portable_export_dmabuf buffer %p size %d handle %x offset %ld
I	rocm-6.2.0	2024-10	initialized internal alternative rsmi functionality
I	2.28.3	2.29.2	jsonError: %s
I	2.27.5	2.30.7	latencyinter not found in graph, using 0.0
I	2.25.1	2.30.7	maxCTAs %d is larger than #channels upper limit %d, cap it to %d
I	2.25.1	2.30.7	minCTAs %d is larger than #channels upper limit %d, cap it to %d
I	2.25.1	2.30.7	minCTAs %d is larger than maxCTAs %d, set both to %d
I	2.22.3	2.30.7	mkstemp: Failed to create %s, error: %s (%d) - retrying
I	rocm-6.0.0	2024-10	mscclGetCaptureStatus: %d, captureId: %llu, size: %lu
I	rocm-6.0.0	2024-10	mscclGetCaptureStatus: captureId %llu is same with the previous one
I	rocm-6.0.0	2024-10	mscclSetupProxy: adding callback
I	rocm-6.0.0	2024-10	mscclSetupProxy: capture
I	rocm-6.0.0	2024-10	mscclSetupProxy: no capture
I	2024-10	2024-10	mscclSetupProxy: reading capture status
I	rocm-6.0.0	2024-10	mscclSetupProxyCallback: proxy args size: %ld
I	2.29.2	2.30.7	ncclCommGrow: %s rank creating new communicator with %d total ranks
I	2024-10	2024-10	ncclCommInitRank comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx commId 0x%llx localSize %zi used %ld bytes on core %d - Init COMPLETE
I	2.21.5	2.22.3	ncclCommInitRank comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx commId 0x%llx - Init COMPLETE
I	2.21.5	2.22.3	ncclCommInitRank comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx commId 0x%llx - Init START
I	2.29.7	2.30.7	ncclCommResume: rank %d resuming all resources
I	2024-10	2024-10	ncclCommSplit comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx parent %p color %d key %d commId 0x%llx localSize %zi used %ld bytes on core %d - Init COMPLETE
I	2.21.5	2.22.3	ncclCommSplit comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx parent %p color %d key %d commId 0x%llx - Init COMPLETE
I	2.21.5	2.22.3	ncclCommSplit comm %p rank %d nranks %d cudaDev %d nvmlDev %d busId %lx parent %p color %d key %d commId 0x%llx - Init START
I	2.29.7	2.30.7	ncclCommSuspend: rank %d suspending memory
I	2.25.1	2.25.1	ncclMaxSharedMem %d exceeds device/fn maxSharedMem %zu
I	2.30.7	2.30.7	ncclNvmlDeviceGetPciInfoExt: nvmlPciInfoExt_v1: %u
I	2.30.3	2.30.7	ncclOsDlopen(%s) failed: %s
I	2.30.3	2.30.7	ncclOsDlsym failed on %s, ignoring
I	2.30.3	2.30.7	ncclOsDlsym(%s) failed: %s
I	2.30.7	2.30.7	ncclOsGetPciDeviceClassByBusId: ClassGUID: %s
I	2.30.7	2.30.7	ncclOsGetPciDeviceClassByBusId: Extracted class %s for %s
I	2.30.7	2.30.7	ncclOsGetPciDeviceParent: Could not find device %s
I	2.30.7	2.30.7	ncclOsGetPciDeviceParent: Could not get bus ID for parent device
I	2.30.7	2.30.7	ncclOsGetPciDeviceParent: Device %s has parent %s
I	2.30.7	2.30.7	ncclOsGetPciDeviceParent: Failed to get PCI info from NVML device
I	2.30.7	2.30.7	ncclOsGetPciDeviceParent: Getting parent for device %s
I	2.30.7	2.30.7	ncclOsGetPciDeviceParent: No parent found for device %s
I	2.29.2	2.30.7	ncclOsSocketProgressOpt: abort called
I	2.30.7	2.30.7	ncclOsTopoGetStrFromSys: could not get parent device for %s
I	2.30.7	2.30.7	ncclOsTopoGetStrFromSys: device %s not found in SetupAPI enumeration
I	2.17.1	2.30.7	ncclPollProxyResponse Dequeued cached opId=%p
I	2.18.1	2.30.7	ncclPollProxyResponse Received new opId=%p
I	2.17.1	2.17.1	ncclPollProxyResponse Recieved new opId=%p
I	2.30.3	2.30.7	ncclRmaProxyPutLaunch enqueued Desc: rank=%d peer=%d ctx=%d size=%ld signalMode=%d readySeq=%lu doneSeq=%lu persistent=%d
I	2.29.2	2.29.7	ncclRmaPutProxy enqueued Desc: rank=%d peer=%d ctx=%d size=%ld signalMode=%d readySeq=%lu doneSeq=%lu
I	2.30.7	2.30.7	ncclTopoGetXmlFromSys: CPU node already exists (default)
I	2.30.7	2.30.7	ncclTopoGetXmlFromSys: Using NUMA node %s (Windows default)
I	2.30.7	2.30.7	ncclTopoGetXmlFromSys: Windows - creating parent node
I	2.30.7	2.30.7	ncclTopoGetXmlFromSys: could not get PCI parent for %s, defaulting to CPU root complex
I	2.30.7	2.30.7	ncclTopoPopulateNics : Filled %s in topo with pciPath=%s net=%s gin=%s rma=%s keep=%s coll=%s rail=%d plane=%d
I	2.29.7	2.30.4	ncclTopoPopulateNics : Filled %s in topo with pciPath=%s net=%s gin=%s keep=%s coll=%s
I	2.24.3	2.29.3	ncclTopoPopulateNics : Filled %s in topo with pciPath=%s keep=%s coll=%s
I	2.3.5	2.4.8	nranks %d
I	2.27.3	2.30.7	nvlsCTAs %d is not a valid value, NCCL will decide the default value automatically
I	2.3.5	2.11.4	nvmlDeviceGetNvLinkCapability() failed: %s
I	2.3.5	2.11.4	nvmlDeviceGetNvLinkRemotePciInfo() failed: %s
I	2.3.5	2.11.4	nvmlDeviceGetNvLinkState() failed: %s
I	2.3.5	2.3.5	opCount %lx sendbuff %p recvbuff %p count %zi size %zi datatype %d op %d root %d comm %p [nranks=%d] stream %p
I	2.3.5	2.3.5	opCount %lx sendbuff %p recvbuff %p count %zi size %zi datatype %d op %d comm %p [nranks=%d] stream %p
I	2.4.2	2.4.8	peer query failed between dev %d(=%d) and dev %d(=%d)
I	2.5.6	2.30.7	peer query failed between dev %d(=%lx) and dev %d(=%lx)
I	2.3.5	2.3.7	peer query failed between dev %d and dev %d
I	2.30.7	2.30.7	proxy listening socket at %s
I	2.17.1	2.17.1	proxyConnSetupConnect for peer->localRank %d,
I	2.17.1	2.17.1	proxyConnSharedInit received opId=%p
I	2.17.1	2.17.1	proxyConnSharedInit::ncclSocketSend(op.respSize=%d)
I	2.17.1	2.17.1	proxyConnSharedInit::ncclSocketSend(opId=%p)
I	2.18.1	2.30.7	proxyProgressAsync opId=%p op.type=%d op.reqBuff=%p op.respSize=%d done
I	2.17.1	2.17.1	proxyProgressAsync::proxyConnect() opId=%p op.reqBuff=%p
I	2.17.1	2.17.1	proxyProgressAsync::proxySetup() opId=%p
I	2.20.3	2.30.7	proxyUDSRecvReq::ncclProxyMsgGetFd rank %d opId %p handle=0x%lx
I	2.23.4	2.30.7	proxyUDSRecvReq::proxyQueryFd rank %d opId %p rmtFd %d
I	2.19.1	2.23.4	rank %d successfully graph-registered sendbuff %p, recvbuff %p, sendbuff size %ld (register size %ld, sendGran %ld), recvbuff size %ld (register size %ld, recvGran %ld), reg sendbuff %p, reg recvbuff %p
I	2.21.5	2.23.4	rank %d successfully local-registered NVLS sendbuff %p, recvbuff %p, sendbuff size %ld, recvbuff size %ld, reg sendbuff %p, reg recvbuff %p
I	2.19.1	2.20.5	rank %d successfully local-registered sendbuff %p, recvbuff %p, sendbuff size %ld, recvbuff size %ld, reg sendbuff %p, reg recvbuff %p
I	2.24.3	2.30.7	rank %d successfully registered NVLS sendbuff %p, recvbuff %p, sendbuff size %ld, recvbuff size %ld, reg sendbuff %p, reg recvbuff %p
I	2.21.5	2.23.4	rank %d reuse local-registered NVLS sendbuff %p, recvbuff %p, sendbuff size %ld, recvbuff size %ld, reg sendbuff %p, reg recvbuff %p
I	2.19.1	2.20.5	rank %d reuse local-registered sendbuff %p, recvbuff %p, sendbuff size %ld, recvbuff size %ld, reg sendbuff %p, reg recvbuff %p
I	2.21.5	2.23.4	rank %d successfully registered collNet sendbuff %p (handle %p), sendbuff size %ld, recvbuff %p (handle %p), recvbuff size %ld
I	2.24.3	2.30.7	rank %d reuse registered NVLS sendbuff %p, recvbuff %p, sendbuff size %ld, recvbuff size %ld, reg sendbuff %p, reg recvbuff %p
I	2.29.2	2.30.7	rank %d - IPC register buffer %p size %zu (baseAddr %p totalSize %zu numSegments %d) to peer %d regAddr %p offsetOut %ld
I	2.23.4	2.23.4	rank %d - IPC graph register buffer %p size %ld (baseAddr %p size %ld) to peer %d regAddr %p offsetOut %ld
I	2.23.4	2.23.4	rank %d - IPC local register buffer %p size %ld (baseAddr %p size %ld) to peer %d regAddr %p offsetOut %ld
I	2.29.2	2.30.7	rank %d - IPC registering buffer %p size %zu (baseAddr %p totalSize %zu numSegments %d) to peer %d
I	2.25.1	2.26.6	rank %d - IPC registered buffer %p size %ld (baseAddr %p size %ld) to peer %d regAddr %p offsetOut %ld
I	2.26.2	2.30.7	rank %d failed to NVLS register sendbuff %p sendbuffSize %ld recvbuff %p recvbuffSize %ld
I	2.24.3	2.28.9	rank %d - IPC register buffer %p size %ld (baseAddr %p size %ld) to peer %d regAddr %p offsetOut %ld
I	2.29.2	2.30.7	rank %d - IPC reuse buffer %p size %zu (baseAddr %p size %zu numSegments %d) to peer %d regAddr %p
I	2.26.2	2.30.7	rank %d failed to IPC register userbuff %p buffSize %ld nPeers %d isLegacyIpc %d type %s
I	2.24.3	2.30.7	rank %d - COLLNET reuse register userbuff %p (handle %p), buffSize %ld, type %s
I	2.23.4	2.23.4	rank %d - IPC local reuse buffer %p size %ld (baseAddr %p size %ld) to peer %d regAddr %p
I	2.26.2	2.30.7	rank %d - COLLNET failed to register userbuff %p, buffSize %ld, type %s, GDR %d
I	2.24.3	2.30.7	rank %d - COLLNET register userbuff %p (handle %p), buffSize %ld, type %s
I	2.24.3	2.28.9	rank %d - IPC reuse buffer %p size %ld (baseAddr %p size %ld) to peer %d regAddr %p
I	2.25.1	2.28.9	rank %d - IPC registering buffer %p size %ld (baseAddr %p size %ld) to peer %d
I	2.26.2	2.30.7	rank %d - NVLS deregistered buffer %p on device %d ucsize %ld mcsize %ld
I	2.21.5	2.23.4	rank %d - deregistered collnet buffer handle %p, size %ld, buff %p
I	2.26.2	2.30.7	rank %d failed to NET register userbuff %p buffSize %ld GDR flag %d
I	2.23.4	2.30.7	rank %d - IPC deregistered buffer %p peer %d ipc remote buffer %p
I	2.24.3	2.30.7	rank %d - NET reuse buffer %p size %ld (baseAddr %p size %ld) handle %p
I	2.24.3	2.30.7	rank %d - NET register userbuff %p (handle %p), buffSize %ld
I	2.24.3	2.25.1	rank %d - NVLS deregistered buffer %p on device %d, size %ld
I	2.24.3	2.30.7	rank %d - COLLNET deregistered buffer handle %p
I	2.19.1	2.23.4	rank %d - deregistered buffer %p on device %d, size %ld
I	2.24.3	2.30.7	rank %d - deregistered net buffer handle %p
I	rocm-4.5.0	rocm-5.4.0	rank %d Connected CollNet comm %p nRanks %02d
I	2.27.3	2.27.7	rank %d base stride %zuGB total VM %zuGB
I	2.9.6	2.30.7	rank %d Connected CollNet
I	2.3.5	2.3.7	rank %d nranks %d
I	2.17.1	2.30.7	recvConnect ncclPollProxyResponse opId=%p
I	2.17.1	2.30.7	recvConnect ncclProxyCallAsync opId=%p &recv->proxyConn=%p connectInfo=%p
I	2.17.1	2.18.6	recvOpId=%p matches expected opId=%p
I	2.23.4	2.30.7	register comm %p buffer %p size %zi
I	2.19.1	2.30.7	resp.opId=%p matches expected opId=%p
I	rocm-4.5.0	2024-10	rocm_smi_lib: version %d.%d.%d.%s
I	2.29.2	2.30.7	scheduleRmaTasksToPlan: rank=%d ctx=%d func=%d nRmaTasks=%d nRmaTasksProxy=%d nRmaTasksCe=%d
I	2.17.1	2.30.7	sendConnect ncclPollProxyResponse opId=%p
I	2.17.1	2.30.7	sendConnect ncclProxyCallAsync opId=%p
I	2.30.7	2.30.7	socketFinalizeAccept from %s: wrong socket type (peer %d != expected %d -- peer connected to wrong NCCL socket), discarding peer connection
I	2.30.7	2.30.7	socketFinalizeAccept from %s: socket magic mismatch (peer 0x%016llx != expected 0x%016llx), discarding peer connection
I	2.27.3	2.30.4	socketFinalizeAccept: didn't receive a valid magic from %s
I	2.30.7	2.30.7	socketFinalizeAccept: handshake receive from %s failed, discarding peer connection
I	2.30.7	2.30.7	socketFinalizeAccept: peer %s closed before magic handshake, discarding
I	2.16.2	2.28.9	socketProgressOpt: abort called
I	2.25.1	2.30.7	splitShare %d is not a valid value 0/1, set it to 0
I	2.9.6	2.12.12	stream is being captured by a new graph, id %llu
I	2.6.4	2.13.4	threadThresholds %ld/%ld/%ld | %ld/%ld/%ld | %ld/%ld/%ld
I	2.14.3	2.30.7	threadThresholds %ld/%ld/%ld | %ld/%ld/%ld | %ld | %ld
I	2.5.6	2.5.7	threadThresholds %ld/%ld/%ld | %ld/%ld/%ld
I	2.22.3	2.30.7	timings: rank %d nranks %d P2p connect done in %.2f
I	2.22.3	2.30.7	unlink shared memory %s failed, error: %s (%d)
V	2.28.3	2.30.7	NCCL Inspector Environment Variables:
V	2.28.3	2.30.7	NCCL Inspector Plugin - Version: %s
V	2.28.3	2.30.7	NCCL Inspector Plugin DISABLED (NCCL_INSPECTOR_ENABLE=%s)
W	rocm-6.2.0	2024-10	%s: unsupported collective. Please ensure the collective has been enabled in build.
W	2.29.7	2.30.4	%s: trying to access the number of devices of an uninitialized ginPlugin[%d]
W	2.28.3	2.30.4	%s: trying to access the number of devices of an uninitialized netPlugin[%d]
W	2.27.3	2.30.7	%s: connect to %s returned %s, exceeded error retry count after %d attempts
W	2.13.4	2.30.4	%s:%d Unrecoverable error detected: malloc(size=%llu) returned null.
W	2.28.3	2.30.4	%s: failed to set the number of devices for netPlugin[%d] to %d
W	2.11.4	2.30.7	%s : reduction operation %d unknown to this communicator
W	2.24.3	2.26.6	%s: connect returned %s, exceeded error retry count (%d)
W	2.3.5	2.30.7	%s : %s allocated on device %d mismatchs with NCCL device %d
W	2.3.5	2.30.7	%s : invalid root %d (root should be in the 0..%d range)
W	2.3.5	2.30.7	%s : invalid reduction operation %d
W	2.28.7	2.30.7	%s: communicator was revoked
W	2.3.5	2.3.7	%s:%d -> %d [Proxy thread error]
W	2.29.2	2.30.4	%s: invalid pointer %p / size %zu
W	2.12.10	2.30.7	%s : %s %p is not a valid pointer
W	2.3.5	2.12.7	%s : %s is not a valid pointer
W	2.24.3	2.26.6	%s: Connect to %s failed : %s
W	2.27.3	2.30.7	%s: connect to %s failed : %s
W	2.3.5	2.30.7	%s : %s argument is NULL
W	2.3.5	2.30.7	%s : invalid type %d
W	2.12.7	2.30.7	%s() failed: %s
W	2.13.4	2.21.5	'NCCL_WORK_FIFO_DEPTH=%d' is too small. Minimum value is %d
W	rocm-6.2.0	2024-10	ARSMI failure %d
W	rocm-6.2.0	2024-10	ARSMI_lib: %s device index not found
W	2.8.3	2.11.4	Active list loop at element %ld
W	2.30.7	2.30.7	Add C2c error : could not find DEV for GPU %s
W	2.30.3	2.30.4	Add NVLink error : could not find DEV for GPU %lx
W	2.30.7	2.30.7	Add NVLink error : could not find DEV for GPU %s
W	2.6.4	2.30.4	Add NVLink error : could not find GPU %lx
W	2.22.3	2.30.7	Add PCI Link error : could not find PCI SW %lx
W	rocm-3.5.0	2024-10	Add XGMI error : could not find GPU %lx
W	2.24.3	2.30.7	All entries except the first must have a prefix: "%s"
W	2.30.7	2.30.7	Allocation failed
W	2.29.2	2.30.4	Allocation failed at %s:%d
W	2.28.3	2.30.7	Allocation failed. No suitable space found to accommodate size=0x%lx within limit=0x%lx
W	2.14.3	2.30.7	Attempt to use communicator before the previous operation returned ncclSuccess
W	2.17.1	2.30.7	Attempting to dequeue nonexistent async opId=%p
W	2.17.1	2.30.7	Attempting to dequeue null operation
W	2.6.4	2.30.7	Attribute %s of node %s not found
W	2.14.3	2.30.7	Blocking and nonblocking communicators are not allowed in the same group.
W	2.4.8	2.30.7	Bootstrap : no socket interface found
W	2.3.5	2.3.5	Bootstrap Root : invalid op type received %d
W	2.29.2	2.30.7	Bootstrap Root : localId %d is out of range
W	2.29.2	2.30.7	Bootstrap Root : mismatch in info from procs, nranks %d vs %d, nroots %d vs %d, iroot %d vs %d, offset %d vs %d
W	2.23.4	2.28.9	Bootstrap Root : mismatch in info from procs, nranks %d vs %d, nroots %d vs %d, iroot %d vs %d
W	2.3.5	2.22.3	Bootstrap Root : mismatch in rank count from procs %d : %d
W	2.3.7	2.30.7	Bootstrap Root : rank %d of %d ranks has already checked in
W	2.3.5	2.3.7	Bootstrap thread : failed to allocate memory
W	2.29.2	2.30.7	Both NCCL_CTA_POLICY_ZERO and NCCL_CTA_POLICY_EFFICIENCY are set in CTAPolicy (%d). Unsetting POLICY_EFFICIENCY.
W	2.30.7	2.30.7	BusId 0x%lx has non-zero bits in MLOPart mask 0x%llx, cannot encode MLOPart partition index without collision
W	2.22.3	2.23.4	CC On, Multi-GPU CC Off (No inter-GPU communication protection)
W	2.11.4	2.12.12	CUDA Graph helper resource is null
W	2.4.2	2.4.8	CUDA device %d >= MAX %d
W	2.13.4	2.30.7	CUDA some PFN functions not found in the library
W	2.23.4	2.30.7	CUMEM Host is not supported prior to CUDA 12.2
W	2.18.1	2.30.7	CUMEM not supported prior to CUDA 11.3
W	2.19.1	2.30.7	Call to %s failed with error %s errno %d
W	2.3.5	2.30.7	Call to %s failed with error %s
W	2.3.5	2.3.7	Call to %s timeout : %s
W	2.3.5	2.22.3	Call to %s failed : %s
W	2.23.4	2.30.7	Call to %s failed: %s
W	2.3.5	2.30.7	Call to %s failed
W	rocm-4.5.0	2024-10	Call to MsgQueueGetId failed : %s
W	rocm-4.5.0	2024-10	Call to ShmObject::Open in root rank failed : %s
W	2.24.3	2.30.7	Call to ibv_modify_qp failed with %d %s, %s
W	2.3.5	2.30.7	Call to ibv_poll_cq() returned %d
W	2.4.2	2.9.9	Call to recv failed : %s
W	rocm-4.5.0	2024-10	Call to shm_open from non-root rank in ShmObject failed : %s
W	rocm-4.5.0	2024-10	Call to shm_unlink in ShmObject failed : %s
W	rocm-4.5.0	2024-10	Cannot allocate ShmObject twice.
W	2.29.2	2.30.7	Cannot create device communicator: ncclDevCommRequirements_t argument must be initialized via NCCL_DEV_COMM_REQUIREMENTS_INITIALIZER
W	2.30.7	2.30.7	Cannot create worldGinBarrier with NCCL_GIN_CONNECTION_RAIL.
W	2.30.7	2.30.7	Cannot get backend version for invalid GIN type %d
W	2.29.2	2.30.7	Cannot get communicator properties: ncclCommProperties_t argument must be initialized via NCCL_COMM_PROPERTIES_INITIALIZER
W	2.29.2	2.30.4	Cannot get gin type: ncclGin is not null but net device type (%d) is not a gin type
W	2.6.4	2.8.4	Cannot initialize CollNet, using %s instead
W	2.9.6	2.30.7	Cannot initialize CollNet, using point-to-point network instead
W	2.13.4	2.19.4	Cannot store sizes of %d requests in a 32-bits field
W	2.18.1	2.30.7	Child comms (nRanks %d) fails to share parent comms (nRanks %d) sharp resources
W	rocm-4.5.0	2024-10	CliqueManager must be initialized before use
W	2.30.3	2.30.7	CloseHandle for shared memory %s failed, error code: %lu
W	2.29.7	2.30.7	Coll %s size %ld symmetric registration check failed on rank %d: recv buffer user offset (0x%lx) mismatch with rank 0 (0x%lx)
W	2.29.7	2.30.7	Coll %s size %ld symmetric registration check failed on rank %d: send buffer user offset (0x%lx) mismatch with rank 0 (0x%lx)
W	2.29.7	2.30.7	Coll %s size %ld symmetric registration check failed on rank %d: sendReg %d recvReg %d mismatch with rank 0 sendReg %d recvReg %d
W	2.29.7	2.30.7	Coll %s size %ld symmetric registration check failed on rank %d: recv buffer window (0x%lx) mismatch with rank 0 (0x%lx)
W	2.29.7	2.30.7	Coll %s size %ld symmetric registration check failed on rank %d: send buffer window (0x%lx) mismatch with rank 0 (0x%lx)
W	2.12.7	2.22.3	CollNet currently only supports up to %d GPUs per node, disabling CollNet
W	2.9.6	2.11.4	CollNet currently only supports up to 8 GPUs per node
W	2.12.7	2.13.4	CollNet does not support LL/LL128
W	2.6.4	2.11.4	CollNet does not support LL128
W	2.8.3	2.19.4	CollNet is not supported or fails to initialize, ignoring NCCL_ALGO=COLLNET
W	2.20.3	2.30.7	CollNet sizes: want=%d got=%ld
W	2.17.1	2.30.7	Comm %p is in abort state
W	2.28.7	2.30.7	Comm config netName (%s) does not match the parent (%s)
W	rocm-4.5.0	rocm-4.5.0	CommId should not be empty
W	2.28.3	2.30.7	Communicator does not support symmetric memory!
W	2.4.2	2.9.9	Connect to %s failed : %s
W	2.3.5	2.4.8	Connecting ring %d : inconsistent start/end. Disabling other rings.
W	2.3.5	2.4.8	Connecting ring %d : did not find start/end. Disabling other rings.
W	2.3.5	2.4.8	Connecting rings but did not find start/end for ring %d. Disabling other rings.
W	2.29.2	2.30.7	Context %d is invalid (must be 0)
W	2.3.5	2.4.8	Could not create rings, falling back on simple ring
W	rocm-6.2.0	2024-10	Could not determine GPU id of node # %u
W	2.5.6	2.5.7	Could not find GPU with rank %d
W	2.21.5	2.30.7	Could not find NET with id %lx
W	2.18.1	2.30.7	Could not find NIC for rank %d in NVLS graph
W	2.5.6	2.26.6	Could not find a path for pattern %d, falling back to simple order
W	2.25.1	2.30.7	Could not find any local path from gpu %d to net.
W	2.29.2	2.30.7	Could not find communicator matching window %p (map hbits=%d count=%d)
W	2.6.4	2.30.7	Could not find gpu rank %d
W	2.5.6	2.30.7	Could not find id %lx
W	2.12.7	2.20.5	Could not find intermediate GPU between GPU rank %d and NIC %d
W	2.21.5	2.30.7	Could not find intermediate GPU between GPU rank %d and NIC %lx
W	2.12.7	2.19.1	Could not find local GPU with rank %d
W	2.6.4	2.30.7	Could not find net id %lx
W	2.5.6	2.30.7	Could not find node of type %d id %lx
W	2.12.7	2.30.7	Could not find pool of op %p
W	2.8.4	2.30.7	Could not find real path of %s (%s)
W	2.3.5	2.30.7	Could not find real path of %s
W	2.6.4	2.8.3	Could not find rev link for %d/%d -> %d/%d
W	2.8.4	2.30.7	Could not find rev link for %d/%ld -> %d/%ld
W	2.16.2	2.21.5	Could not map %s size %zi, error: %s
W	2.12.7	2.15.5	Could not map %s
W	rocm-5.7.0	2024-10	Could not open MSCCL XML algorithm file %s : %s
W	2.6.4	2.30.7	Could not open XML graph file %s : %s
W	2.6.4	2.26.6	Could not open XML topology file %s : %s
W	rocm-6.2.0	2024-10	Could not read node # %u property %s
W	rocm-6.2.0	2024-10	Could not read node # %u
W	2.17.1	2.30.7	Couldn't find opId=%p
W	2.19.1	2.30.7	Cuda failure %d '%s'
W	2.3.5	2.30.7	Cuda failure '%s'
W	2.30.3	2.30.7	DOCA Error %d
W	2.30.3	2.30.7	DOCA failure %d
W	2.11.4	2.30.7	Data type supplied to user-created ncclRedOp_t does not match type given to reduction operation
W	2.20.3	2.30.7	Deregister: Could not find handle
W	2.30.3	2.30.7	Detected mixed local CollNet device counts across ranks (min %d, max %d). Set NCCL_IGNORE_COLLNET_MISMATCH=1 to continue.
W	2.30.3	2.30.7	Detected mixed local Net device counts across ranks (min %d, max %d). Set NCCL_IGNORE_NET_MISMATCH=1 to continue.
W	2.30.3	2.30.7	Dev comm not found
W	2.28.3	2.30.7	Device object does not exist in shadow pool.
W	2.8.4	2.29.7	Duplicate GPU detected : rank %d and rank %d both on CUDA device %lx
W	2.5.6	2.8.3	Duplicate GPU detected : rank %d and rank %d both on CUDA device %x
W	rocm-5.4.0	rocm-5.7.0	Duplicate virtualId detected : rank %d and rank %d both on GPU device %lx virtualId %d
W	2.13.4	2.30.7	Either none or all communicators in a ncclGroup() can be CUDA graph captured.
W	2.30.4	2.30.7	Elastic GIN: rank %d segment %d size %zu differs from rank %d segment %d size %zu; all ranks must have identical segment configurations
W	2.30.4	2.30.7	Elastic GIN: rank %d has %d segments but another rank has %d segments; all ranks must have identical segment configurations
W	2.8.3	2.11.4	Element %d of pool %d has been lost
W	2.4.2	2.4.8	Error : Could not find transport to connect next group
W	2.3.5	2.4.8	Error : Network returned 0 device
W	2.21.5	2.30.7	Error : XML parser is limited to %d subnodes
W	2.21.5	2.30.7	Error : XML parser is limited to %d nodes
W	2.6.4	2.20.5	Error : XML parser is limited to 1024 nodes
W	2.8.3	2.9.9	Error : connecting to address with family %d is neither AF_INET(%d) nor AF_INET6(%d)
W	2.5.6	2.30.7	Error : could not find CPU close to GPU %d
W	2.3.5	2.12.12	Error : mixing different streams within a group call is not supported.
W	2.6.4	2.30.7	Error : name %s too long (max %d)
W	2.5.6	2.23.4	Error : no algorithm/protocol available
W	2.24.3	2.29.7	Error : no algorithm/protocol available for function %s with datatype %s.%s%s
W	2.25.1	2.30.7	Error : ran out of room to store found nodes in ncclTopoGetLocal. Filled %d of type %d, starting from index %d of type %d.
W	2.3.5	2.30.7	Error : ring %d does not loop back to start (%d != %d)
W	2.3.5	2.30.7	Error : ring %d does not contain rank %d
W	2.21.5	2.30.7	Error : too many Topo links (max %d)
W	2.6.4	2.30.7	Error : too many XML nodes (max %d)
W	2.21.5	2.30.7	Error : too many XML subnodes (max %d)
W	2.5.6	2.30.7	Error : tried to create too many nodes of type %d
W	2.27.3	2.30.7	Error : value %s too long (max %d)
W	2.8.3	2.8.4	Error freeing shared buffer : freeing ptr %p size %d (start %p slot size %d nslots %d)
W	2.30.3	2.30.7	Error on GFD test %d - stateIdx: %lu, request: %p
W	rocm-6.2.0	2024-10	Error reading link properties files
W	2.7.3	2.22.3	Error waiting for pthread_join : %s
W	2.23.4	2.28.9	Error waiting for pthread_join: %s
W	2.22.3	2.30.7	Error while %s shared memory segment %s (size %ld), error: %s (%d)
W	2.4.2	2.15.5	Error while %s shared memory segment %s (size %d)
W	2.16.2	2.30.7	Error while %s shared memory segment %s (size %ld)
W	2.22.3	2.30.7	Error: Could not map %s size %zu, error: %s (%d)
W	2.30.3	2.30.7	Error: Could not map view of file %s size %zu, error code: %lu
W	2.21.5	2.30.7	Error: corrupted comm object detected
W	2.22.3	2.23.4	Error: failed to create shared memory file %p, error %s (%d)
W	2.24.3	2.30.7	Error: failed to create shared memory file %s, error %s (%d)
W	2.30.3	2.30.7	Error: failed to create shared memory mapping %s, error code: %lu
W	2.22.3	2.30.7	Error: failed to extend %s to %ld bytes, error: %s (%d)
W	2.12.7	2.15.5	Error: failed to extend %s to %d bytes
W	2.16.2	2.21.5	Error: failed to extend %s to %ld bytes
W	2.30.3	2.30.7	Error: failed to open shared memory mapping %s, error code: %lu
W	2.10.3	2.26.6	Error: network %s not found.
W	2.28.3	2.28.9	Error: no symmetric kernel available for function %s.%s%s
W	2.12.7	2.30.7	Error: trying to connect already connected sendComm
W	2.15.5	2.25.1	Expected graph id=%llu was not at head of strong stream's internal list.
W	2.24.3	2.30.7	FP8 reduction support begins with sm90 capable devices.
W	2.14.3	2.30.7	Failed to CUDA calloc %ld bytes
W	2.14.3	2.30.7	Failed to CUDA calloc async %ld bytes
W	2.14.3	2.30.7	Failed to CUDA host alloc %ld bytes
W	2.14.3	2.30.7	Failed to CUDA malloc %ld bytes
W	2.29.2	2.30.7	Failed to allocate memory for adapter addresses
W	2.27.3	2.30.7	Failed to bind NVLink SHARP (NVLS) Multicast memory of size %ld : CUDA error %d '%s'.
W	2.30.7	2.30.7	Failed to close socket: %d
W	rocm-6.2.0	2024-10	Failed to close topology/node root directory
W	2.13.4	2.29.7	Failed to create CUDA context on device %d
W	2.30.7	2.30.7	Failed to create socket pair: WSA error %d
W	2.10.3	2.11.4	Failed to determine intra node ranks rank %d hostHash %lx pidHash %lx intraNodeRank %d intraNodeRanks %d intraNodeRank0 %d
W	2.10.3	2.30.7	Failed to determine intra proc ranks rank %d hostHash %lx pidHash %lx intraProcRank %d intraProcRanks %d intraProcRank0 %d
W	2.3.5	2.9.9	Failed to determine intra ranks hostHash[%d] %lx intraRank %d intraRanks %d intraRank0 %d
W	2.12.7	2.30.7	Failed to determine local ranks rank %d hostHash %lx pidHash %lx localRank %d localRanks %d localRank0 %d
W	2.17.1	2.20.5	Failed to find CUDA library %s (NCCL_CUDA_PATH='%s') : %s
W	2.16.2	2.16.5	Failed to find CUDA library (NCCL_CUDA_PATH='%s') : %s
W	2.13.4	2.15.5	Failed to find CUDA library in %s (NCCL_CUDA_PATH=%s)
W	rocm-5.4.0	2024-10	Failed to find ROCm runtime library in %s (RCCL_ROCR_PATH=%s)
W	2.6.4	2.30.7	Failed to find reverse path from remNode %d/%lx nlinks %d to node %d/%lx
W	2.5.6	2.5.7	Failed to find reverse path from remNode id %d type %d nlinks %d to node id %d type %d
W	2.30.7	2.30.7	Failed to get PCI info from NVML device
W	rocm-6.2.0	2024-10	Failed to get kernel attributes
W	2.27.3	2.30.7	Failed to initialize any NET plugin
W	2.13.4	2.20.5	Failed to load CUDA missing symbol cuDriverGetVersion
W	2.13.4	2.20.5	Failed to load CUDA missing symbol cuGetProcAddress
W	2.13.4	2.20.5	Failed to load CUDA missing symbol cuInit
W	rocm-5.4.0	2024-10	Failed to load ROCr missing symbol hsa_amd_portable_export_dmabuf
W	rocm-5.4.0	2024-10	Failed to load ROCr missing symbol hsa_init
W	rocm-5.4.0	2024-10	Failed to load ROCr missing symbol hsa_status_string
W	rocm-5.4.0	2024-10	Failed to load ROCr missing symbol hsa_system_get_info
W	2.30.3	2.30.7	Failed to load nvml.dll, error code: %lu
W	2.3.5	2.30.7	Failed to malloc %ld bytes
W	2.30.3	2.30.7	Failed to open %s - %s
W	2.9.6	2.29.7	Failed to open %s
W	2.3.5	2.10.3	Failed to open libibverbs.so[.1]
W	2.3.5	2.29.7	Failed to open libnvidia-ml.so.1
W	2.30.3	2.30.7	Failed to open libnvidia-ml.so.1: %s
W	rocm-6.2.0	2024-10	Failed to open topo/nodes directory
W	2.30.7	2.30.7	Failed to recv: %d
W	2.30.7	2.30.7	Failed to send: %d
W	2.3.5	2.3.7	Failed to set CPU affinity
W	2.13.4	2.29.7	Failed to set CUDA context on device %d
W	2.29.2	2.30.7	Failed to set environment variable %s to %s: error %lu
W	2.9.6	2.12.12	Failure in host setup : %s
W	2.29.2	2.30.7	Flags %u is invalid (must be 0)
W	2.8.3	2.11.4	Free list loop at element %ld
W	2.30.7	2.30.7	Fusing NET devices from different NUMA domains is not supported.
W	2.9.6	2.30.7	GDRCOPY failure %d
W	2.9.6	2.30.7	GDRCOPY lib wrapper not initialized.
W	2.29.7	2.30.7	GIN Error detected
W	2.28.7	2.29.3	GIN Error on gin context %d
W	2.30.7	2.30.7	GIN Proxy: RMA backend not found
W	2.30.7	2.30.7	GIN VA signals are required, but the GIN plugin does not support them.
W	2.28.7	2.30.7	GIN is disabled.
W	2.28.7	2.30.7	GIN not supported.
W	2.30.7	2.30.7	GIN plugin %s returned invalid context for connection %d: ginCtx=%p devHandle=%p handle=%p
W	2.30.3	2.30.7	GIN plugin does not support FLUSH
W	2.30.3	2.30.7	GIN plugin does not support GET
W	2.29.7	2.30.4	GIN plugin v11 does not support multiple connections
W	2.29.7	2.30.4	GIN plugin v11 does not support multiple contexts
W	2.29.7	2.29.7	GIN plugin v11 does not support specifying queue depth
W	2.30.3	2.30.4	GIN plugin v12 does not support multiple connections
W	2.30.3	2.30.4	GIN plugin v12 does not support multiple contexts
W	2.30.7	2.30.7	GIN strong signals are required, but the GIN plugin does not support them.
W	2.28.7	2.29.3	GIN-capable device type mismatch.
W	2.29.7	2.30.4	GIN_IB_PROXY does not support specifying qp depth
W	2.29.2	2.30.7	GetAdaptersAddresses failed with error: %ld
W	2.29.2	2.30.7	GetProcessAffinityMask failed with error: %ld
W	2.6.4	2.30.7	GetXmlFromCpu : could not find CPU numa ID.
W	2.29.2	2.30.4	Gin connect : min local net count is zero
W	2.28.3	2.30.7	Given size=0x%lx extends beyond allocation.
W	2.18.1	2.18.3	Gpus %d and %d both have a type of %d with net %d yet have different netMasks of %lx and %lx
W	2.28.7	2.30.7	Group creation failed: %d vs %d
W	rocm-4.5.0	rocm-5.4.0	HIP failure '%s'
W	2.30.7	2.30.7	Hierarchical CE collective not supported for %s
W	2.28.7	2.28.9	IB device %s not found
W	2.30.3	2.30.7	IPC: DuplicateHandle failed: error %d
W	2.30.3	2.30.7	IPC: Failed to connect named pipe: error %d
W	2.30.3	2.30.7	IPC: Failed to connect to pipe %s: error %d
W	2.30.3	2.30.7	IPC: Failed to create named pipe %s: error %d
W	2.30.3	2.30.7	IPC: Invalid socket handle
W	2.30.3	2.30.7	IPC: Operation aborted
W	2.30.3	2.30.7	IPC: Pipe name too long
W	2.30.3	2.30.7	IPC: ReadFile failed: error %d
W	2.30.3	2.30.7	IPC: SetNamedPipeHandleState failed: error %d
W	2.30.3	2.30.7	IPC: WriteFile failed: error %d, wrote %d of %zu bytes
W	2.13.4	2.30.7	Ignoring SHM locality, must be 1 (sender side) or 2 (receiver side, default)
W	2.9.6	2.12.12	Illegal to have some communicators in graph mode while others not
W	2.12.7	2.30.7	Inactive op has next set!
W	rocm-5.7.0	2024-10	Incorrect offset set for input buffer: offset: %d maximum allowed: %d
W	rocm-5.7.0	2024-10	Incorrect offset set for output buffer: offset: %d maximum allowed: %d
W	rocm-5.7.0	2024-10	Incorrect offset set for scratch buffer: offset: %d maximum allowed: %d
W	2.28.3	2.29.2	Inspector Init Failed %s:%d -> error %d: %s
W	2.28.3	2.29.2	Inspector: Failed to allocate memory for collective info structure
W	2.3.5	2.4.8	Internal error : NVswitch links mismatch
W	2.8.3	2.30.7	Internal error : tree already has %d children (%d %d %d)
W	2.5.6	2.7.8	Internal error : tree already has more than one child (%d %d %d)
W	2.29.2	2.29.7	Intrusive address map initialization failed: calloc(%d entries) returned null
W	2.30.3	2.30.7	Intrusive address map initialization failed: calloc(%zu entries) returned null
W	2.29.2	2.30.7	Intrusive address map pointer is NULL
W	2.29.2	2.30.7	Intrusive address map resize failed: malloc(%d entries) returned null
W	2.5.6	2.26.6	Invalid %s %d (must be a multiple of %d)
W	2.5.6	2.26.6	Invalid %s %d (maximum %d).
W	2.5.6	2.26.6	Invalid %s %d (minimum %d).
W	2.30.7	2.30.7	Invalid GIN gdaki backend version %d
W	2.30.7	2.30.7	Invalid GIN proxy backend version %d
W	rocm-5.7.0	2024-10	Invalid MSCCL function type in saved parameter
W	2.14.3	2.16.5	Invalid NCCL_COMM_BLOCKING value %d
W	2.3.5	2.30.7	Invalid NCCL_COMM_ID, please use format: <ipv4>:<port> or [<ipv6>]:<port> or <hostname>:<port>
W	2.30.7	2.30.7	Invalid PCI bus ID format: %s
W	2.23.4	2.30.7	Invalid argument comm %p, desc %p, hptr %p, descOut %p
W	2.23.4	2.25.1	Invalid argument desc %p, hptr %p, tpProxyRank %d
W	2.26.2	2.30.7	Invalid argument desc %p, hptr %p
W	2.19.1	2.19.4	Invalid arguments comm %p, buff %p, size %ld, handle %p
W	2.19.1	2.19.4	Invalid arguments comm %p, handle %p
W	2.24.3	2.30.7	Invalid client status %d
W	2.14.3	2.30.7	Invalid config blocking attribute value %d
W	2.17.1	2.30.7	Invalid config cgaClusterSize attribute value %d
W	2.27.3	2.30.7	Invalid config collnetEnable attribute value %d
W	2.30.7	2.30.7	Invalid config graphStreamOrdering attribute value %d
W	2.30.3	2.30.7	Invalid config maxP2pPeers attribute value %d
W	2.17.1	2.30.7	Invalid config min/max channels attribute value %d/%d
W	2.28.3	2.30.7	Invalid config nChannelsPerNetPeer attribute value %d
W	2.29.2	2.30.7	Invalid config numRmaCtx attribute value %d
W	2.28.3	2.30.7	Invalid config nvlinkCentricSched attribute value %d
W	2.27.3	2.30.7	Invalid config nvlsCTAs attribute value %d
W	2.27.3	2.30.7	Invalid config policy attribute value %d
W	2.27.3	2.30.7	Invalid config shrinkShare attribute value %d
W	2.18.1	2.30.7	Invalid config splitShare attribute value %d
W	2.23.4	2.30.7	Invalid device %d (totalnDev=%d)
W	2.3.5	2.30.7	Invalid device count requested : %d
W	2.19.1	2.19.4	Invalid handle %p
W	2.11.4	2.12.12	Invalid intra-node rank %d for peer %d
W	2.29.2	2.30.7	Invalid key size %d (must be 0 < keySize <= %zu)
W	2.28.3	2.30.7	Invalid number of network devices = %d for policy MAX
W	2.3.5	2.30.7	Invalid rank requested : %d/%d
W	rocm-4.5.0	2024-10	Invalid rank specified.  Expected 0 <= %d < %d for CliqueManager
W	2.19.1	2.23.4	Invalid regBufType %d
W	2.29.2	2.30.7	Invalig config graphUsageMode attribute value %d
W	2.6.4	2.6.4	KV Convert to int : could not find value of '%s' in dictionary
W	2.6.4	2.30.7	KV Convert to str : could not find value %d in dictionary
W	2.23.4	2.30.7	Legacy IPC cleanup callback failed comm %p (rank = %d) cb %p
W	2.12.7	2.30.7	List loop at element %d-%d
W	2.12.7	2.30.7	Listencomm in unknown state %d
W	2.29.2	2.30.7	MCBasePtr %p needs to be valid.
W	2.30.7	2.30.7	MLOPart index %d out of range (max %d)
W	2.27.3	2.30.7	MNNVL (cliqueSize %d) is available but not working on this system. Check the IMEX channel configuration (/dev/nvidia-caps-imex-channels). Set NCCL_MNNVL_ENABLE=0 to ignore this issue.
W	2.27.3	2.30.7	MNNVL (cliqueSize %d) is available but not working on this system. Check the IMEX configuration (nvidia-imex-ctl -N). Set NCCL_MNNVL_ENABLE=0 to ignore this issue.
W	2.25.1	2.26.6	MNNVL (cliqueSize %d) is available but not supported on this system. Check the IMEX configuration.
W	2.20.3	2.24.3	MNNVL is not supported on this system
W	rocm-6.2.0	2024-10	MSCCL Internal Scheduler:  Unable to find algorithm files in %s. Please ensure that RCCL has been installed properly
W	rocm-5.7.0	2024-10	MSCCL Internal Scheduler: closedir failed, error %d
W	rocm-5.7.0	2024-10	MSCCL Internal Scheduler: dladdr1 failed
W	rocm-5.7.0	rocm-6.0.0	MSCCL Internal Scheduler: open algorithm in share directory %s failed
W	2024-10	2024-10	MSCCL++: Cannot enable MSCCL++ on %s architecture
W	2024-10	2024-10	MSCCL++: Cannot enable MSCCL++; environment is not MSCCL compatible
W	2024-10	2024-10	MSCCL++: Feature not enabled. ENABLE_MSCCLPP must be defined at compile-time to enable this feature.
W	2024-10	2024-10	MSCCL++: comm=%p not found in mscclpp_uniqueIdReverseMap for key=%p
W	2024-10	2024-10	MSCCL++: mscclpp_ncclCommDestroy failed (%s)
W	rocm-5.7.0	2024-10	MSCCL: MSCCL_MAX_NUM_ALGOS (%d) limit reached
W	rocm-6.2.0	2024-10	MSCCL: Size of allocation for scratch buffer (%lu * 2) will wrap around
W	rocm-5.7.0	2024-10	MSCCL: bid must be not negative. bid: %d
W	rocm-5.7.0	2024-10	MSCCL: count (%d) must be positive and less than %d
W	rocm-5.7.0	2024-10	MSCCL: duplicate thread block id %d for MSCCL
W	rocm-5.7.0	2024-10	MSCCL: hasDependence needs to be 0 or 1, but it was %d
W	rocm-6.0.0	rocm-6.0.0	MSCCL: max number of channels available (%d) less than required (%d)
W	rocm-5.7.0	2024-10	MSCCL: nScratchChunks must be not negative. nScratchChunks: %d
W	rocm-6.0.0	2024-10	MSCCL: number of captured works (%u) > max limit (%lu)
W	rocm-5.7.0	2024-10	MSCCL: number of channels available (%d) less than required (%d)
W	rocm-5.7.0	2024-10	MSCCL: peer (%d,%d) and gpu id (%d) must be different
W	rocm-5.7.0	2024-10	MSCCL: protocol %s is not supported.
W	rocm-5.7.0	2024-10	MSCCL: recvPeer (%d) or sendPeer (%d) for thread block %d cannot be gpu %d
W	rocm-5.7.0	2024-10	MSCCL: something went wrong. Max allowed count is 0
W	rocm-5.7.0	2024-10	MSCCL: step must be positive: step %d
W	rocm-5.7.0	2024-10	MSCCL: there is a recv in thread block %d on GPU %d without a recvPeer.
W	rocm-5.7.0	2024-10	MSCCL: there is a send in thread block %d on GPU %d without a sendPeer.
W	rocm-6.0.0	rocm-6.0.0	MSCCL: this version of MSCCL build doesn't support fill Ops
W	rocm-6.2.0	2024-10	MSCCL: this version of MSCCL build doesn't support full Ops
W	rocm-5.7.0	2024-10	MSCCL: thread block %d is missing
W	rocm-5.7.0	2024-10	MSCCL: threadblock %d on GPU %d has an invalid channel %d
W	rocm-5.7.0	2024-10	MSCCL: too many recvs per channel. Max allowed %d
W	rocm-5.7.0	2024-10	MSCCL: too many sends per channel. Max allowed %d
W	rocm-5.7.0	2024-10	MSCCL: too many steps are requested. Max number of steps: %d, requested: %d
W	rocm-5.7.0	2024-10	MSCCL: too many thread blocks are requested. Max thread blocks: %d
W	rocm-5.7.0	2024-10	MSCCL: type of transfer is not supported: %s
W	rocm-5.7.0	2024-10	MSCCL: unsupported collective: %s
W	rocm-5.7.0	2024-10	MSCCL: when there is a chain of dependencies, the last reduction must be a part of the first immediate instruction. Detected for GPU %d, thread block %d, and step %d. XML will be ignored.
W	rocm-5.7.0	2024-10	MSCCL: wrong recvPeer (%d) or sendPeer (%d) in thread block %d on gpu %d
W	2.3.5	2.4.8	Max rings reached, limiting to %d
W	2.29.7	2.30.7	MemManager: AllGather counts failed
W	2.29.7	2.30.7	MemManager: Already suspended
W	2.29.7	2.30.7	MemManager: Barrier failed during resume
W	2.29.7	2.30.7	MemManager: Buffer ptr=%p already exported to peer rank %d
W	2.29.7	2.30.7	MemManager: Cannot mark export for ptr=%p - not found in tracked entries. Only dynamic memory (scratch/offload) needs export tracking for suspend/resume.
W	2.29.7	2.30.7	MemManager: Cannot mark export for ptr=%p - this is an imported buffer, not a local one
W	2.29.7	2.30.7	MemManager: Cannot mark export for ptr=%p, manager not initialized
W	2.29.7	2.30.7	MemManager: Cannot re-import peer buffer from rank %d (different node) using POSIX FD - skipping
W	2.29.7	2.30.7	MemManager: Cannot track allocation ptr=%p, manager not initialized
W	2.29.7	2.30.7	MemManager: Cannot untrack allocation ptr=%p, manager not initialized
W	2.29.7	2.30.7	MemManager: Could not find matching handle info for ptr=%p from rank %d
W	2.29.7	2.30.7	MemManager: FABRIC handle not valid for entry ptr=%p
W	2.29.7	2.30.7	MemManager: Failed to allocate CPU backup for offload
W	2.29.7	2.30.7	MemManager: Failed to allocate allCounts
W	2.29.7	2.30.7	MemManager: Failed to allocate memory entry
W	2.29.7	2.30.7	MemManager: Failed to copy to CPU backup: %s
W	2.29.7	2.30.7	MemManager: Failed to get FD from rank %d for ptr=%p
W	2.29.7	2.30.7	MemManager: Failed to grow exportedPeerRanks array for ptr=%p
W	2.29.7	2.30.7	MemManager: Failed to restore from CPU backup: %s (backup preserved)
W	2.29.7	2.30.7	MemManager: Final barrier failed during resume
W	2.29.7	2.30.7	MemManager: MemStats not supported, memory manager is disabled
W	2.29.7	2.30.7	MemManager: Not in suspended state
W	2.29.7	2.30.7	MemManager: Recv from rank %d failed - handle exchange incomplete
W	2.29.7	2.30.7	MemManager: Resume failed, memory manager is disabled
W	2.29.7	2.30.7	MemManager: Resume not supported, memory manager is disabled
W	2.29.7	2.30.7	MemManager: Send to rank %d failed - handle exchange incomplete
W	2.29.7	2.30.7	MemManager: Suspend failed, memory manager is disabled
W	2.29.7	2.30.7	MemManager: Suspend not supported, memory manager is disabled
W	2.29.7	2.30.7	MemManager: Unknown handle type %d for peer import
W	2.29.7	2.30.7	MemManager: cuMemExportToShareableHandle (FABRIC) failed for ptr=%p
W	2.29.7	2.30.7	MemManager: cuMemImportFromShareableHandle failed for ptr=%p (curet=%d)
W	2.29.7	2.30.7	MemManager: ncclCuMemMapAndSetAccess failed for re-imported ptr=%p
W	2.29.7	2.30.7	Memory resume not supported with split_share communicators (refCount=%d)
W	2.29.7	2.30.7	Memory suspend not supported with split_share communicators (refCount=%d)
W	rocm-4.5.0	2024-10	Message Queue timed out waiting for all ranks to receive messages.
W	2.28.7	2.30.7	Message truncated : received %d,%d bytes instead of %d,%d
W	2.3.5	2.30.7	Message truncated : received %d bytes instead of %d
W	2.23.4	2.30.7	Mismatched NCCL version detected : rank %d version %d rank %d version %d
W	2.4.2	2.7.6	Mismatched collective detected, please check your collective calls at and around rank %d. You can use NCCL_DEBUG=INFO and NCCL_DEBUG_SUBSYS=COLL to see the collective logs
W	2.17.1	2.30.7	Mismatched response size for opId=%p
W	rocm-5.7.0	2024-10	Missing "HSA_FORCE_FINE_GRAIN_PCIE=1" from environment which can lead to low RCCL performance, system instablity or hang!
W	rocm-5.7.0	rocm-5.7.0	Missing "amd_iommu=on" from kernel command line which can lead to system instablity or hang!
W	rocm-5.7.0	2024-10	Missing "iommu=pt" from kernel command line which can lead to system instablity or hang!
W	2.28.3	2.30.7	Multicast support requested for team but none available on system.
W	2.29.2	2.30.7	Multimem pointer requested but system does not support multimem.
W	2.30.7	2.30.7	Multiple Ranks are using the same GPU/Partition. Set NCCL_MULTI_RANK_GPU_ENABLE=1 to enable this configuration.
W	2.3.5	2.4.8	Multiple ends found in group
W	2.30.3	2.30.4	Multiple ranks detected using the same GPU on this node and NCCL_NVLS_ENABLE has been set to "1". At this time multiple ranks per gpu is incompatible with NVLS.
W	2.30.3	2.30.4	Multiple ranks detected using the same GPU on this node. Set NCCL_MULTI_RANK_GPU_ENABLE=1 to enable this configuration.
W	2.3.5	2.4.8	Multiple starts found in group
W	2.28.3	2.29.2	NCCL Inspector unnatural return: inspectorPluginRecordEventState
W	2.28.3	2.29.2	NCCL Inspector unnatural return: inspectorPluginStopEvent:ncclProfileKernelCh
W	2.15.5	2.30.7	NCCL cannot be captured in a graph if either it wasn't built with CUDA runtime >= 11.3 or if the installed CUDA driver < R465.
W	2.30.7	2.30.7	NCCL cannot use a plane ID that is %d.
W	2.30.7	2.30.7	NCCL cannot use more than %d plane IDs.
W	2.9.6	2.12.12	NCCL does not support this CUDA version for CUDA graph feature
W	2.30.3	2.30.7	NCCL library is not backwards compatible. This application was compiled with NCCL version %s, but is running with NCCL library version %s.
W	2.30.3	2.30.7	NCCL library is too old. This application was compiled with NCCL version %s, but is running with NCCL library version %s.
W	2.29.2	2.29.7	NCCL library version is too old. This application was compiled with NCCL version %d, but is running with NCCL library version %d.
W	2.24.3	2.29.7	NCCL version mismatch with remote peer %s (local: %d, remote %d)
W	2.30.3	2.30.7	NCCL version mismatch with remote peer %s (local: %s, remote %s)
W	2.15.1	2.24.3	NCCL_CGA_CLUSTER_SIZE value %d is too big. Limiting value to %d.
W	2.19.1	2.30.7	NCCL_DEVICE_UNPACK plugin has incompatible version %d, this NCCL build is compatible with %d, not using it
W	2.28.7	2.29.3	NCCL_GIN_COUNTER_POOL_SIZE has invalid value.
W	2.28.7	2.29.3	NCCL_GIN_SIGNAL_POOL_SIZE has invalid value.
W	2024-10	2024-10	NCCL_MAX_NCHANNELS:%d is lesser than number of channels required by MSCCL:%d, so disabling MSCCL for %s between minBytes:%ld and maxBytes:%ld from file: %s
W	2024-10	2024-10	NCCL_MIN_NCHANNELS set by environment is ignored due to greater than max allowed %d channels.
W	2024-10	2024-10	NCCL_MIN_NCHANNELS set by environment is ignored due to less than 8 GPUs.
W	2.3.5	2.4.8	NCCL_MIN_NRINGS set to a value greater than NCCL_MAX_NRINGS, ignoring NCCL_MIN_NRINGS
W	2.3.5	2.4.8	NCCL_MIN_NRINGS set to a value greater than the maximum number of rings supported (%d), limiting it to %d
W	2.30.7	2.30.7	NCCL_NET_MERGE_POLICY: unknown value '%s', defaulting to ALL
W	2.30.7	2.30.7	NCCL_NVLS_ENABLE has been set to "1" and communicator has multiple ranks using the same NVML device. This is not compatible with NCCL_NVLS_ENABLE=1.
W	2.22.3	2.30.7	NCCL_WORK_FIFO_BYTES=%d is being ignored because it is not a power of 2.
W	2.26.5	2.26.6	NCCL_WORK_FIFO_BYTES=%ld is being ignored because it is not a power of 2.
W	2.13.4	2.21.5	NCCL_WORK_FIFO_DEPTH=%d is being ignored because it is not a power of 2.
W	2.30.7	2.30.7	NET/IB : %s:%d async fatal event on QP (%p) qpn=%u handle=%u send_cq=%u recv_cq=%u state=%d sq_psn=%u rq_psn=%u: %s
W	2.23.4	2.30.7	NET/IB : %s:%d async fatal event on SRQ, unused for now (%p): %s
W	2.30.7	2.30.7	NET/IB : %s:%d async fatal event on CQ (%p) handle=%u cqe=%d: %s
W	2.28.7	2.30.7	NET/IB : %s:%d Got non-fatal async event: %s(%d)
W	2.23.4	2.30.4	NET/IB : %s:%d async fatal event on CQ (%p): %s
W	2.23.4	2.30.4	NET/IB : %s:%d async fatal event on QP (%p): %s
W	2.23.4	2.28.3	NET/IB : %s:%d Got async error event: %s
W	2.23.4	2.30.7	NET/IB : %s:%d unknown event type (%d)
W	2.23.4	2.30.7	NET/IB : %s:%d async fatal event: %s
W	2.28.3	2.30.7	NET/IB : %s:%d GID table changed
W	2.20.3	2.22.3	NET/IB : %s:%d Got async event : %s
W	2.26.2	2.30.7	NET/IB : Attempted to connect incompatible devices: [%d]%s:%d/%s and [%d]%s:%d/%s. Try selecting NICs of only one link type using NCCL_IB_HCA
W	2.26.2	2.30.7	NET/IB : Attempted to merge incompatible devices: [%d]%s:%d/%s and [%d]%s:%d/%s. Try selecting NICs of only one link type using NCCL_IB_HCA
W	2.24.3	2.25.1	NET/IB : Can't connect net devices with different link_layer. i=%d remMeta.ndevs=%d link_layer=%d rem_link_layer=%d
W	2.24.3	2.30.7	NET/IB : Can't make virtual NIC with 0 devices
W	2.20.3	2.23.4	NET/IB : Can't merge net devices with different link_layer. i=%d remMeta.ndevs=%d link_layer=%d rem_link_layer=%d
W	2.24.3	2.30.7	NET/IB : Cannot allocate any more virtual devices (%d)
W	2.24.3	2.30.7	NET/IB : Cannot use physical device %d, max %d
W	2.3.5	2.19.4	NET/IB : Got async event : %s
W	2.20.3	2.21.5	NET/IB : Got completion from peer %s with status=%d opcode=%d len=%d vendor err %d (%s)%s%s%s%s
W	2.18.1	2.19.4	NET/IB : Got completion from peer %s with error %d, opcode %d, len %d, vendor err %d (%s)%s%s%s%s
W	2.10.3	2.17.1	NET/IB : Got completion from peer %s with error %d, opcode %d, len %d, vendor err %d
W	2.3.5	2.9.9	NET/IB : Got completion with error %d, opcode %d, len %d, vendor err %d
W	2.20.3	2.23.4	NET/IB : Local mergedDev %s has a different number of devices=%d as remote %s %d
W	2.20.3	2.23.4	NET/IB : Local mergedDev=%s has a different number of devices=%d as remoteDev=%s nRemDevs=%d
W	2.3.5	2.30.7	NET/IB : No IP interface found.
W	2.3.5	2.3.7	NET/IB : RX MR #%d has non-zero (%d) refcnt
W	2.26.2	2.30.7	NET/IB : Remote %s device is incompatible with the local [%d]%s:%d/%s. Try selecting NICs of only one link type using NCCL_IB_HCA
W	2.29.2	2.30.7	NET/IB : Requested properties for GIN GDAKI NIC %d, only %d GIN GDAKI NICs have been created
W	2.24.3	2.30.7	NET/IB : Requested properties for vNic %d, only %d vNics have been created
W	2.3.5	2.3.7	NET/IB : TX MR #%d has non-zero (%d) refcnt
W	2.24.3	2.26.6	NET/IB : Trying to merge multiple devices together when NCCL_IB_MERGE_NICS=0. Please enable it or disable device merging in NCCL.
W	2.24.3	2.25.1	NET/IB : Trying to merge multiple devices together with different link_layer properties %s -> %d, %s -> %d. Try only selecting NICs with one type of link using NCCL_IB_HCA
W	2.24.3	2.25.1	NET/IB : Trying to use non-existant virtual device %d
W	2.26.2	2.30.7	NET/IB : Trying to use non-existent virtual device %d
W	2.3.5	2.30.7	NET/IB : Unable to open device %s
W	2.3.5	2.30.7	NET/IB : Unable to query device %s
W	2.3.5	2.19.4	NET/IB : Unable to query port %d
W	2.20.3	2.30.7	NET/IB : Unable to query port_num %d
W	2.3.5	2.9.9	NET/IB : collective mismatch error local size %d remote %d addr %lx rkey %x seq %x/%x
W	2.3.5	2.3.7	NET/IB : doneReq %p MR %p refcount now %d
W	2.3.5	2.3.7	NET/IB : memory register : no MR available
W	2.10.3	2.11.4	NET/IB : peer %s collective mismatch error local size %d remote %d addr %lx rkey %x seq %x/%x
W	2.12.7	2.12.7	NET/IB : req %d/%d tag %x peer %s collective mismatch error local size %d remote %d addr %lx rkey %x
W	2.20.3	2.23.4	NET/IB : req %d/%d tag %x peer %s posted incorrect receive info: size %d addr %lx rkeys[0]=%x
W	2.24.3	2.30.7	NET/IB : req %d/%d tag %x peer %s posted incorrect receive info: size %ld addr %lx rkeys[0]=%x
W	2.12.10	2.19.4	NET/IB : req %d/%d tag %x peer %s collective mismatch error, local size %d remote size %d
W	2.12.10	2.19.4	NET/IB : req %d/%d tag %x peer %s posted incorrect receive info: size %d addr %lx rkey %x
W	2.3.5	2.30.7	NET/IB : unable to allocate requests
W	2.28.7	2.30.7	NET/IB/GIN: Got completion from peer %s with status=%d opcode=%d len=%u vendor err %u (%s)%s%s%s%s hca %s
W	2.29.7	2.30.4	NET/IB: %s: Attempting to initiate a failed request using a '%s' request while expecting a 'send' request (req=%p, comm=%p, id=%ld, slot=%d, failedSendRequest.id=%ld).
W	2.29.7	2.30.4	NET/IB: %s: Resiliency is enabled on a %s communicator (comm=%p) with a single device. This does not make sense since there is no other device to fail over to.
W	2.30.3	2.30.4	NET/IB: %s: Fatal error. Detected %d failed devices out of %d devices on the %s communicator (comm=%p). No support for more than a single failed device.
W	2.29.7	2.30.4	NET/IB: %s: Failed to initialize a resiliency send request (req=%p, comm=%p, id=%ld, type=%s, wc.wr_id=%ld, wc.status=%s(%d), wc.opcode=%s(%d), slot=%ld).
W	2.29.7	2.30.4	NET/IB: %s: Encountered a stale CQE with error for slot=%ld. Slot was already handled (comm=%p, wc.wr_id=%ld, wc.status=%s(%d), wc.opcode=%s(%d)).
W	2.29.7	2.30.4	NET/IB: %s: Unknown completion (req=%p, comm=%p, id=%ld, devIndex=%d, req->type=%s, wc.wr_id=%ld, wc.opcode=%s(%d), wc.qp_num=%u, wc.imm_data=%d)
W	2.29.7	2.30.4	NET/IB: %s: Receiver expected a 'recv' request but got '%s' (req=%p, comm=%p, id=%ld, wc.wr_id=%ld, wc.status=%s(%d) wc.opcode=%s(%d), wc.qp_num=%u)
W	2.29.7	2.30.4	NET/IB: %s: Cannot replace QP with qpIndex=%d because the new QP (qpIndex=%d, devIndex=%d) is not on a functional device (state=%d)
W	2.30.3	2.30.4	NET/IB: %s: OOO RQ is force enabled but not supported on both sides of the connection (device=%s, localOooRq=%d, remOooRq=%d)
W	2.29.7	2.30.4	NET/IB: %s: %s comm could not retreive a request found for a successful completion (comm=%p, wc.wr_id=%ld, opcode=%d, qp_num=%u)
W	2.30.7	2.30.7	NET/IB: %s comm could not retreive a request found for a successful completion (comm=%p, wc.wr_id=%ld, opcode=%d, qp_num=%u)
W	2.29.7	2.30.4	NET/IB: %s: Attempting to initiate a replay using an old request (req=%p, comm=%p, id=%ld, slot=%d, failedSendRequest.id=%ld).
W	2.29.7	2.30.4	NET/IB: %s: Unrecognized request. It might be a CTS message for which the request was already completed. Continue.
W	2.29.7	2.30.4	NET/IB: %s: Sender expected a 'send' request but got '%s' (req=%p, comm=%p, id=%ld, wc.wr_id=%ld, wc.opcode=%s(%d), wc.qp_num=%u)
W	2.30.3	2.30.4	NET/IB: %s: There are still %d outstanding recovery operations on the resiliency context (comm=%p) being destroyed.
W	2.29.7	2.30.4	NET/IB: %s: Maximum number of probing attempts (%ld) reached for request %p (id=%ld). Cannot post another probe.
W	2.30.3	2.30.4	NET/IB: %s: OOO RQ is force enabled but size %u is less than the required recv work request size %u on device:%s
W	2.30.3	2.30.4	NET/IB: %s: OOO RQ is force enabled but AR is not enabled, which is required for OOO RQ (device=%s)
W	2.30.3	2.30.4	NET/IB: %s: Device %d marked as failed. Initiating recovery? %s (%s comm=%p, outstandingRecovery=%d)
W	2.29.7	2.29.7	NET/IB: %s: Resiliency requires pre-posted receive work requests. Enabling pre-posting.
W	2.30.3	2.30.4	NET/IB: %s: Unexpected GoToPrevState result in AliveMessages state for device %d (%s comm=%p)
W	2.29.7	2.30.4	NET/IB: %s: Could not find a replacement QP for the failed QP with qpIndex=%d (devIndex=%d)
W	2.29.7	2.30.4	NET/IB: %s: Invalid wr_id (%ld). Unable to retrieve a request on the receiver side (comm=%p)
W	2.29.2	2.30.4	NET/IB: %s: Invalid request index %d. Not in the range [%d, %d). Cannot retrieve request.
W	2.29.7	2.30.4	NET/IB: %s: Could not find a functional device to post the probe for request %p (id=%ld)
W	2.29.7	2.30.4	NET/IB: %s: Got CQE with error (devIndex=%d, req=%p, comm=%p (%s), wr_id=%lu, qp_num=%d)
W	2.30.3	2.30.4	NET/IB: %s: Requested alive message batch size %d exceeds maximum supported %d
W	2.29.7	2.30.4	NET/IB: %s: Attempting to free a non-existent failed request (slot=%d).
W	2.29.7	2.30.4	NET/IB: %s: Unsupported type of request reposting (type=%d, id=%ld).
W	2.30.3	2.30.4	NET/IB: %s: Resiliency context is NULL. Nothing to destroy.
W	2.29.7	2.30.4	NET/IB: %s: Attempting to repost an unused request (id=%ld).
W	2.30.3	2.30.4	NET/IB: %s: Failed to allocate failure queue node (comm=%p)
W	2.29.7	2.30.4	NET/IB: %s: Unrecognized request type. request->type=%d
W	2.29.7	2.30.4	NET/IB: %s: The error is fatal (%s). Cannot continue.
W	2.30.3	2.30.4	NET/IB: %s: mlx5dv_create_qp failed to create QP: %m
W	2.29.7	2.30.4	NET/IB: %s: Unsupported completion status %s (%d)
W	2.29.7	2.29.7	NET/IB: %s: Device %d marked as failed. (%s comm=%p)
W	2.29.7	2.30.4	NET/IB: %s: No format specified for opcode=%d
W	2.30.7	2.30.7	NET/IB: Attempting to free a non-existent failed request (slot=%d).
W	2.30.7	2.30.7	NET/IB: Attempting to initiate a failed request using a '%s' request while expecting a 'send' request (req=%p, comm=%p, id=%ld, slot=%d, failedSendRequest.id=%ld).
W	2.30.7	2.30.7	NET/IB: Attempting to initiate a replay using an old request (req=%p, comm=%p, id=%ld, slot=%d, failedSendRequest.id=%ld).
W	2.30.7	2.30.7	NET/IB: Attempting to repost an unused request (id=%ld).
W	2.30.7	2.30.7	NET/IB: Cannot replace QP with qpIndex=%d because the new QP (qpIndex=%d, devIndex=%d) is not on a functional device (state=%d)
W	2.30.7	2.30.7	NET/IB: Could not find a functional device to post the probe for request %p (id=%ld)
W	2.30.7	2.30.7	NET/IB: Could not find a replacement QP for the failed QP with qpIndex=%d (devIndex=%d)
W	2.30.7	2.30.7	NET/IB: Device %d marked as failed. Initiating recovery? %s (%s comm=%p, outstandingRecovery=%d)
W	2.30.7	2.30.7	NET/IB: Encountered a stale CQE with error for slot=%ld. Slot was already handled (comm=%p, wc.wr_id=%ld, wc.status=%s(%d), wc.opcode=%s(%d)).
W	2.28.3	2.30.7	NET/IB: Error in mlx5dv_get_data_direct_sysfs_path with device %s
W	2.30.7	2.30.7	NET/IB: Failed to allocate failure queue node (comm=%p)
W	2.30.7	2.30.7	NET/IB: Failed to initialize a resiliency send request (req=%p, comm=%p, id=%ld, type=%s, wc.wr_id=%ld, wc.status=%s(%d), wc.opcode=%s(%d), slot=%ld).
W	2.30.7	2.30.7	NET/IB: Fatal error. Detected %d failed devices out of %d devices on the %s communicator (comm=%p). No support for more than a single failed device.
W	2.30.7	2.30.7	NET/IB: Got CQE with error (devIndex=%d, req=%p, comm=%p (%s), wr_id=%lu, qp_num=%d)
W	2.28.7	2.28.9	NET/IB: Got completion from peer %s with status=%s(%d) opcode=%s(%d) reqSize=%d vendor_err=%u req_type=%s%s%s%s%s hca %s
W	2.22.3	2.23.4	NET/IB: Got completion from peer %s with status=%d opcode=%d len=%d vendor err %d (%s)%s%s%s%s hca %s
W	2.24.3	2.28.3	NET/IB: Got completion from peer %s with status=%d opcode=%d len=%u vendor err %u (%s)%s%s%s%s hca %s
W	2.29.2	2.30.7	NET/IB: Got completion from peer %s with status=%s(%d) opcode=%s(%d) vendor_err=%u %s%s%s%s hca %s
W	2.30.7	2.30.7	NET/IB: Invalid request index %d. Not in the range [%d, %d). Cannot retrieve request.
W	2.30.7	2.30.7	NET/IB: Invalid wr_id (%ld). Unable to retrieve a request on the receiver side (comm=%p)
W	2.21.5	2.23.4	NET/IB: Ip address '%s' is invalid for family %s, ignoring address
W	2.21.5	2.23.4	NET/IB: Ip address mask '%d' is invalid for family %s, ignoring mask
W	2.30.7	2.30.7	NET/IB: Maximum number of probing attempts (%ld) reached for request %p (id=%ld). Cannot post another probe.
W	2.30.7	2.30.7	NET/IB: NCCL_IB_SUBNET_PREFIX_LEN=%d is out of range [1,32]
W	2.30.7	2.30.7	NET/IB: No format specified for opcode=%d
W	2.30.7	2.30.7	NET/IB: OOO RQ is force enabled but AR is not enabled, which is required for OOO RQ (device=%s)
W	2.30.7	2.30.7	NET/IB: OOO RQ is force enabled but not supported on both sides of the connection (device=%s, localOooRq=%d, remOooRq=%d)
W	2.30.7	2.30.7	NET/IB: OOO RQ is force enabled but size %u is less than the required recv work request size %u on device:%s
W	2.30.7	2.30.7	NET/IB: Receiver expected a 'recv' request but got '%s' (req=%p, comm=%p, id=%ld, wc.wr_id=%ld, wc.status=%s(%d) wc.opcode=%s(%d), wc.qp_num=%u)
W	2.30.7	2.30.7	NET/IB: Requested alive message batch size %d exceeds maximum supported %d
W	2.30.7	2.30.7	NET/IB: Resiliency context is NULL. Nothing to destroy.
W	2.30.7	2.30.7	NET/IB: Resiliency is enabled on a %s communicator (comm=%p) with a single device. This does not make sense since there is no other device to fail over to.
W	2.30.7	2.30.7	NET/IB: Sender expected a 'send' request but got '%s' (req=%p, comm=%p, id=%ld, wc.wr_id=%ld, wc.opcode=%s(%d), wc.qp_num=%u)
W	2.30.7	2.30.7	NET/IB: The error is fatal (%s). Cannot continue.
W	2.30.7	2.30.7	NET/IB: There are still %d outstanding recovery operations on the resiliency context (comm=%p) being destroyed.
W	2.30.7	2.30.7	NET/IB: Unexpected GoToPrevState result in AliveMessages state for device %d (%s comm=%p)
W	2.30.7	2.30.7	NET/IB: Unknown completion (req=%p, comm=%p, id=%ld, devIndex=%d, req->type=%s, wc.wr_id=%ld, wc.opcode=%s(%d), wc.qp_num=%u, wc.imm_data=%d)
W	2.30.7	2.30.7	NET/IB: Unrecognized request type. request->type=%d
W	2.30.7	2.30.7	NET/IB: Unrecognized request. It might be a CTS message for which the request was already completed. Continue.
W	2.30.7	2.30.7	NET/IB: Unsupported completion status %s (%d)
W	2.30.7	2.30.7	NET/IB: Unsupported type of request reposting (type=%d, id=%ld).
W	2.12.7	2.30.7	NET/IB: could not find mr %p inside cache of %d entries
W	2.30.7	2.30.7	NET/IB: mlx5dv_create_qp failed to create QP: %m
W	2.20.3	2.30.7	NET/IB: ncclIbIrecv() called when comm->base.ready == 0
W	2.17.1	2.19.4	NET/IB: ncclIbIrecv() called when comm->ready == 0
W	2.20.3	2.30.7	NET/IB: ncclIbIsend() called when comm->base.ready == 0
W	2.17.1	2.19.4	NET/IB: ncclIbIsend() called when comm->ready == 0
W	2.23.4	2.30.7	NET/IB: open failed in ncclIbRoceGetVersionNum: %s
W	2.23.4	2.30.7	NET/IB: read failed in ncclIbRoceGetVersionNum: %s
W	2.29.7	2.30.7	NET/IB: sendReq(%p)->events={%d,%d,%d,%d}, devIndex=%d, reqIdx=%d <= 0
W	2.27.3	2.29.3	NET/IB: sendReq(%p)->events={%d,%d,%d,%d}, i=%d, j=%d <= 0
W	2.20.3	2.26.6	NET/IB: sendReq(%p)->events={%d,%d}, i=%d, j=%d <= 0
W	2.20.3	2.29.3	NET/IB: wc->opcode == IBV_WC_RECV_RDMA_WITH_IMM and req->type=%d
W	2.28.3	2.30.7	NET/MLX5: Call to %s failed with error %s
W	2.28.3	2.30.7	NET/MLX5: lib wrapper not initialized.
W	2.4.8	2.30.7	NET/Socket : NCCL_SOCKET_NTHREADS is greater than the maximum allowed, setting to %d
W	2.4.2	2.30.7	NET/Socket : No usable listening interface found
W	2.4.2	2.9.9	NET/Socket : message truncated : receiving %d bytes instead of %d
W	2.24.3	2.30.7	NET/Socket : ncclNetSocketListen dev=%d ncclNetIfs=%d
W	2.3.5	2.30.7	NET/Socket : no interface found
W	2.27.3	2.30.7	NET/Socket : peer %s message truncated : receiving %d bytes instead of %d. If you believe your socket network is in a healthy state, there may be a mismatch in collective sizes or environment settings (e.g. NCCL_PROTO, NCCL_ALGO) between ranks
W	2.12.10	2.26.6	NET/Socket : peer %s message truncated : receiving %d bytes instead of %d. If you believe your socket network is in healthy state,           there may be a mismatch in collective sizes or environment settings (e.g. NCCL_PROTO, NCCL_ALGO) between ranks
W	2.10.3	2.12.7	NET/Socket : peer %s message truncated : receiving %d bytes instead of %d
W	2.4.8	2.30.7	NET/Socket : socket progress error
W	2.4.2	2.30.7	NET/Socket : test called with NULL request
W	2.4.8	2.30.7	NET/Socket : the total number of sockets is greater than the maximum allowed, setting NCCL_NSOCKS_PERTHREAD to %d
W	2.4.8	2.30.7	NET/Socket : unable to allocate requests
W	2.4.8	2.30.7	NET/Socket : unable to allocate subtasks
W	2.24.3	2.27.7	NET/TOPO : Couldn't find net with name %s
W	2.9.6	2.30.4	NET: GDR Flush only supported on x86_64
W	rocm-5.4.0	2024-10	NPKIT_DUMP_DIR is empty
W	rocm-6.2.0	2024-10	NPKit currently does not support more than 1 device per process
W	rocm-5.7.0	2024-10	NUMA auto balancing enabled which can lead to variability in the RCCL performance! Disable by "sudo sysctl kernel.numa_balancing=0"
W	2.3.5	2.11.4	NVML failure '%s'
W	2.10.3	2.15.5	Net : Call to recv from %s failed : %s
W	2.10.3	2.15.5	Net : Connect to %s failed : %s
W	2.3.5	2.9.9	Net : Connection closed by remote peer
W	2.10.3	2.15.5	Net : Connection closed by remote peer %s
W	2.3.5	2.26.6	Net : No interface found in the same subnet as remote address %s
W	2.3.5	2.30.7	Net : No valid <IPv4_or_hostname>:<port> pair found
W	2.3.5	2.30.7	Net : No valid [IPv6]:port pair found
W	2.3.5	2.15.5	Net : Socket creation failed : %s
W	2.3.5	2.26.6	Net : Unsupported address family type
W	2.10.3	2.15.5	Net : connecting to address %s with family %d is neither AF_INET(%d) nor AF_INET6(%d)
W	2.3.5	2.30.7	Net : error encountered when getting address info : %s
W	2.3.5	2.30.7	Net : string is null
W	2.3.5	2.30.7	Net : unsupported IP family
W	2.24.3	2.30.7	Net registration invalid algorithm %s
W	2.28.7	2.30.7	No GIN-capable devices found.
W	2.6.4	2.26.6	No NVML device handle. Skipping nvlink detection.
W	2.6.4	2.7.8	No NVML, trying to use CUDA instead
W	2.30.7	2.30.7	No RMA-capable devices found.
W	2.30.3	2.30.7	No algorithm/protocol available for function %s with datatype %s.%s%s
W	2.28.3	2.30.7	No allocation found at offset=0x%lx
W	2.28.7	2.28.9	No network devices that support GDAKI found
W	2.18.1	2.30.7	No path computed to go from %s/%d to %s/%d
W	2.29.7	2.29.7	No shared contexts are available (%d requested) as all have been allocated for exclusive use. Use NCCL_GIN_NCONTEXTS to increase the limit
W	2.3.5	2.11.4	No transport found !
W	2.12.7	2.30.7	No transport found for rank %d[%lx] -> rank %d[%lx]
W	2.3.5	2.3.7	No usable listening interface found
W	2.28.7	2.30.7	Not enough space to get elements
W	2.29.2	2.30.7	Object pointer is NULL
W	2.29.2	2.29.3	One sided RMA: RMA proxy is not supported in this communicator.
W	2.29.7	2.30.7	One sided RMA: host RMA is not supported in this communicator.
W	2.29.2	2.29.3	One sided RMA: symmetric registration is not supported in this communicator.
W	2.30.3	2.30.7	One-sided RMA requires CUDA driver 12.5 or later (found %d.%d).
W	2.29.2	2.30.7	Output object pointer is NULL
W	2.12.7	2.30.7	P2P is disabled between NVLINK connected GPUs %d and %d. This should not be the case given their connectivity, and is probably due to a hardware issue. If you still want to proceed, you can set NCCL_IGNORE_DISABLED_P2P=1.
W	2.12.7	2.21.5	P2p operation is neither send or recv
W	2.22.3	2.30.7	P2p schedule creation has bugs.
W	2.30.7	2.30.7	PARAM: Duplicate option name "%s"
W	2.30.3	2.30.7	PARAM: Duplicate registration for key "%s", ignoring.
W	2.12.7	2.30.7	PXN should not use host buffers for data
W	2.23.4	2.27.7	Profiler init failed with error (%d). Continue without profiler.
W	2.12.7	2.17.1	Proxy Call to rank %d failed (%s)
W	2.9.6	2.30.7	Proxy append mismatch
W	2.12.7	2.30.7	Proxy append on running operation
W	2.9.6	2.11.4	Proxy append out of bound
W	2.12.7	2.30.7	Proxy append out of bounds
W	2.17.1	2.30.7	Proxy response for opId=%p doesn't match any expected response
W	2.24.3	2.30.7	RAS received unknown message type (%d) from %s
W	2.24.3	2.30.7	RAS received unknown notification type %d
W	2.29.2	2.30.7	RMA CE is not initialized
W	2.29.2	2.30.7	RMA CE: peerBuff is NULL after ncclDevrGetLsaRankPtr
W	2.30.7	2.30.7	RMA not supported.
W	2.29.2	2.30.4	RMA proxy backend type mismatch.
W	2.30.7	2.30.7	RMA proxy completed request with no inflight credit
W	2.30.7	2.30.7	RMA proxy iput/iputSignal returned success with NULL request
W	2.29.2	2.30.7	RMA proxy is not connected
W	2.30.7	2.30.7	RMA v13 (%s) requires GIN PROXY type, got netDeviceType %d
W	2.30.7	2.30.7	RMA: trying to send to non-connected peer %d
W	rocm-4.5.0	2024-10	ROCm SMI init failure %s
W	rocm-5.4.0	2024-10	ROCr failure '%s'
W	rocm-4.5.0	2024-10	Rank %d failed ShmObject::Open().  Closing message queue.
W	2.12.7	2.20.5	Rank %d requires NIC %d but that NIC is not available for rank %d
W	2.12.7	2.30.7	Rank %d has no transport for %s peer %d on channel %d/%d
W	2.9.6	2.11.4	Rank %d has no transport for %s peer %d on channel %d
W	2.4.6	2.4.8	Recursive P2P computation cannot work for >8 GPUs
W	2.29.7	2.29.7	Requested number of exclusive GIN contexts (%d) exceeds the unallocated count (%d). Use NCCL_GIN_NCONTEXTS to increase the limit
W	2.27.3	2.30.7	Retrieve %s version %d failed with %d status %d
W	2.13.4	2.20.5	Retrieve %s version %d failed with %d
W	2.21.5	2.30.7	Retrieve %s failed with %d status %d
W	2.21.5	2.30.7	Retrieve %s failed with %d
W	2.30.7	2.30.7	Rma Proxy create context: invalid rank stride %d, must be >= 0 and nranks (%d) must be a multiple of the stride
W	2.30.7	2.30.7	Rma connect : min local net count is zero
W	rocm-4.5.0	2024-10	Root rank unable to broadcast across message queue.  Closing message queue.
W	2.30.7	2.30.7	SHM legacy: cudaHostUnregister after setup failure failed: %s
W	2.30.7	2.30.7	SHM legacy: failed to restore CUDA stream capture mode: %s
W	2.30.4	2.30.7	Segment %d has unsupported location type %d. Symmetric memory currently only supports CU_MEM_LOCATION_TYPE_HOST_NUMA and CU_MEM_LOCATION_TYPE_DEVICE.
W	2.13.4	2.21.5	Sendrecv plan not aligned for self
W	2.12.7	2.12.12	Sendrecv schedule not aligned for self
W	2.6.4	2.22.3	Set CPU affinity : unable to find GPU/CPU for rank %d
W	2.29.2	2.30.7	SetProcessAffinityMask failed with error: %ld
W	2.30.7	2.30.7	SetupDiGetClassDevs failed: %lu
W	2.29.2	2.30.7	Signal index %d is invalid (must be 0)
W	2.3.5	2.4.7	Socket : unable to allocate requests
W	2.17.1	2.30.7	Socket recv failed while polling for opId=%p
W	2.24.3	2.30.7	Specified fused NIC %s which has too many devices (%d). Max %d
W	2.18.1	2.30.7	Split shares resources, but parent comm netName %s is different from child comm netName %s
W	2.17.1	2.30.7	Storing response for already completed opId=%p
W	2.13.4	2.25.1	Stream is not being captured by the expected graph.
W	2.13.4	2.30.7	Streams given to a communicator within a NCCL group must either be all uncaptured or all captured by the same graph.
W	2.24.3	2.30.7	TOPO/NET : Can't find busId of child 0 %s
W	2.26.2	2.30.7	TOPO/NET : Could not force merge NICs %s. Please specify a valid NCCL_NET_FORCE_MERGE string.
W	2.24.3	2.30.7	TOPO/NET : Couldn't generate unique busId after %d tries
W	2.24.3	2.30.7	TOPO/NET : Only matched %d devices, %d requested from %s
W	2.24.3	2.25.1	TOPO/NET : Tried merging multiple devices together and failed. Try setting NCCL_NET_MERGE_LEVEL=LOC
W	2.24.3	2.30.7	TOPO/NET : Tried to merge too many NICs. %d > %d
W	2.29.7	2.29.7	The application was compiled with too old version of NCCL. It was compiled with NCCL version %d, but is running with NCCL library version %d. Because of its use of GIN device kernels, it needs to be recompiled, preferably with the same NCCL version that it will be running with.
W	2.30.3	2.30.7	The application was compiled with too old version of NCCL. It was compiled with NCCL version %s, but is running with NCCL library version %s. Because of its use of GIN device kernels, it needs to be recompiled, preferably with the same NCCL version that it will be running with.
W	2.29.7	2.29.7	The application was compiled with too old version of NCCL. It was compiled with NCCL version %d, but is running with NCCL library version %d. It needs to be recompiled with at least NCCL version %d.
W	2.9.9	2.15.1	The installed CUDA driver is older than the minimum version (R465) required for NCCL's CUDA Graphs support
W	2.29.2	2.30.7	The provided lsaRank %d is not in the valid lsaSize of [0,%d] for the provided window %p.
W	2.29.2	2.30.7	Thread creation failed: %s
W	2.29.2	2.30.7	Thread join failed: %s
W	2.3.5	2.6.4	Too many aggregated operations (%d max)
W	2.7.3	2.12.12	Too many aggregated operations on channel %d (%d max)
W	2.3.5	2.12.12	Too many async operations in progress, max is %d
W	2.21.5	2.21.5	TopoFuseXmls : could not find CPU numa ID.
W	2.3.5	2.7.8	Trying to launch too many collectives
W	2.8.3	2.12.12	Trying to launch too many work elements, max is %d
W	2.12.7	2.30.7	Trying to recv to self without a matching send
W	2.12.7	2.30.7	Trying to send to self without a matching recv
W	2.19.1	2.20.5	Tuner plugin refcount is 0, yet tunerPluginLib ptr is NULL
W	2.19.1	2.30.7	UDS: Binding to socket %s failed : %s (%d)
W	2.17.1	2.18.6	UDS: Binding to socket %s failed : %d
W	2.17.1	2.30.7	UDS: Cannot bind provided name to socket. Name too large
W	2.17.1	2.30.7	UDS: Cannot connect to provided name for socket. Name too large
W	2.17.1	2.30.7	UDS: Receiving data over socket %s failed
W	2.17.1	2.30.7	UDS: Receiving data over socket failed
W	2.17.1	2.30.7	UDS: Receiving data over socket failed : %d
W	2.19.1	2.30.7	UDS: Sending data over socket %s failed : %s (%d)
W	2.17.1	2.18.6	UDS: Sending data over socket %s failed : %d
W	2.19.1	2.30.7	UDS: Socket creation error : %s (%d)
W	2.17.1	2.18.6	UDS: Socket creation error : %d
W	rocm-4.5.0	2024-10	Uanble to get pointer information for %p
W	2.3.5	2.3.7	Unable to allocate shared memory (%d bytes) : %s
W	rocm-4.5.0	2024-10	Unable to allocated pinned host memory for clique pointers.  Disabling clique-based kernels
W	2.13.4	2.29.7	Unable to create thread context due to old driver, disabling.
W	rocm-4.5.0	2024-10	Unable to get IPC handle for barrier memory
W	rocm-4.5.0	2024-10	Unable to initialize shared memory. Disabling clique-based kernels
W	rocm-4.5.0	2024-10	Unable to open %s, not dumping Rome model.
W	2.6.4	2.26.6	Unable to open %s, not dumping topology.
W	2.12.7	2.30.7	Unable to post incomplete proxy op chain %d..%d (opCount %ld)
W	2.12.7	2.12.12	Unable to register user buffers
W	2.29.7	2.30.7	Unable to use GIN: Peermem is not supported, and device %d does not support DMA-BUF.
W	2.8.4	2.30.7	Unexpected connections are not empty
W	2.4.2	2.8.3	Unexpected connections are not empty.
W	2.4.2	2.4.8	Unknown collective %d
W	2.20.3	2.21.5	Unknown collnet pattern %d
W	2.19.1	2.23.4	Unknown device code index
W	2.24.3	2.30.7	Unknown device code index %d
W	2.4.2	2.7.6	Unknown device error %d
W	2.28.3	2.30.7	Unknown netDevs policy
W	2.4.2	2.30.7	Unknown pattern %d
W	2.5.6	2.30.7	Unknown pattern for collective %d algorithm %d
W	2.30.3	2.30.7	UnmapViewOfFile of shared memory %p size %ld failed, error code: %lu
W	2.24.3	2.30.7	Unrecognized element token "%s" when parsing "%s"
W	2.24.3	2.30.7	Unrecognized prefix token "%s" when parsing "%s"
W	2.30.7	2.30.7	Unrecoverable error detected: malloc(size=%llu) returned null.
W	2.5.6	2.26.6	User asked for a maximum of %d channels, setting it to 1
W	2.5.6	2.26.6	User asked for a minimum of %d channels, limiting to %d
W	2.29.7	2.30.7	User requested GIN but not all ranks in the communicator support GIN
W	2.29.7	2.29.7	User requested GIN connection type NCCL_GIN_CONNECTION_FULL but the communicator is already connected with NCCL_GIN_CONNECTION_RAIL
W	2.29.7	2.30.7	User requested GIN connection type NCCL_GIN_CONNECTION_FULL but the communicator supports only NCCL_GIN_CONNECTION_RAIL
W	2.29.7	2.30.7	User requested GIN resources but did not request GIN to be enabled!
W	2.30.3	2.30.7	VA represented by {userPtr = %p, size = %zu} contains CPU-backed physical segments, but NCCL_ELASTIC_BUFFER_REGISTER is set to 0. Please set NCCL_ELASTIC_BUFFER_REGISTER=1 and retry window registration
W	2.30.3	2.30.7	VA represented by {userPtr = %p, size = %zu} contains CPU-backed physical segments, but the LSA team does not support multi-node IPC on CPU-backed buffers. Please retry by setting NCCL_MNNVL_ENABLE=0
W	2.29.7	2.30.7	WSAStartup failed with error: %d
W	rocm-4.5.0	2024-10	WaitForPointers must be called after DeclarePointers
W	2.22.3	2.30.7	Warning: remote FLID configured as zero even when endpoints are on different subnets, using dlid as fallback
W	2.28.3	2.30.7	Window address must be suitably aligned.
W	2.30.3	2.30.3	Window registration of addresses that contain CPU-backed physical segments is currently not supported with GIN.
W	2.29.2	2.29.7	Window registration of addresses that span multiple physical segments is currently not supported.
W	2.30.3	2.30.7	Window registration of addresses that span multiple physical segments requires DMABUF support with GIN.
W	2.6.4	2.30.7	XML Export Channel : rank %d not found.
W	2.6.4	2.30.7	XML Graph has wrong version %d, %d needed
W	2.6.4	2.20.5	XML Import Channel : dev %d not found.
W	2.21.5	2.30.7	XML Import Channel : dev %ld not found.
W	2.6.4	2.30.7	XML Mismatch : %s / %s
W	2.6.4	2.30.7	XML Parse : Expected (double) quote.
W	2.6.4	2.30.7	XML Parse : Unexpected EOF
W	2.6.4	2.30.7	XML Parse : Unexpected value with name %s
W	2.6.4	2.30.7	XML Parse : expected >, got '%c'
W	2.6.4	2.30.7	XML Parse : unterminated %s
W	2.6.4	2.30.7	XML Parse error : expecting '<', got '%c'
W	2.6.4	2.30.7	XML Parse error : unexpected trailing %c in closing tag %s
W	2.6.4	2.30.7	XML Parse error : unterminated comment
W	2.6.4	2.30.7	XML Topology has wrong version %d, %d needed
W	2.4.2	2.7.6	Your program may be hanging, this may be caused by a collective mismatch around rank %d. Please check your collective calls at and around this rank. You can use NCCL_DEBUG=INFO and NCCL_DEBUG_SUBSYS=COLL to see the collective logs
W	2.7.3	2.8.4	[%d] Error no transport for %s peer %d on channel %d
W	2.13.4	2.17.1	[Proxy Progress] Failed to set CUDA context on device %d
W	2.13.4	2.30.7	[Proxy Progress] Failed to set CUDA device %d
W	2.12.7	2.30.7	[Proxy Service %d] Failed to execute operation %s from rank %d, retcode %d
W	2.20.3	2.30.7	[Proxy Service UDS] Failed to set CUDA device %d
W	2.20.3	2.30.7	[Proxy Service UDS] Get listenSock fd fails
W	2.20.3	2.30.7	[Proxy Service UDS] Poll failed: %s
W	2.13.4	2.17.1	[Proxy Service] Failed to set CUDA context on device %d
W	2.12.7	2.30.7	[Proxy Service] Failed to set CUDA device %d
W	2.16.2	2.29.7	[Proxy Service] Get listenSock fd fails
W	2.12.7	2.14.3	[Proxy Service] Poll failed with error %d
W	2.15.1	2.30.7	[Proxy Service] Poll failed: %s
W	2.30.3	2.30.7	[Proxy Service] WSAPoll failed: error=%d
W	2.12.7	2.30.7	[Proxy Service] proxyDestroy failed
W	2.12.7	2.30.7	[Proxy service] Too many connections (%d max)
W	2.8.3	2.11.4	[Rem Allocator] Allocation failed (segment %d, fd %d)
W	2.8.3	2.11.4	[Rem Allocator] Failed to set CUDA device %d
W	2.8.3	2.11.4	[Rem Allocator] Poll failed with error %d
W	2.8.3	2.11.4	[Rem Allocator] cudaFree %p failed
W	2.8.3	2.11.4	[Rem Allocator] cudaIpcGetMemHandle failed : %s
W	rocm-4.5.0	rocm-5.0.0	[Rem Allocator] hipFree %p failed
W	rocm-4.5.0	rocm-5.0.0	[Rem Allocator] hipIpcGetMemHandle failed : %s
W	2.12.7	2.29.7	[Service thread] Accept failed %s
W	2.17.1	2.30.7	[Service thread] Could not receive type from localRank %d, res=%u, closed=%d
W	2.12.7	2.16.5	[Service thread] Could not receive type from localRank %d
W	2.17.1	2.30.7	[Service thread] Error encountered progressing operation=%s, res=%d, closing connection
W	2.16.2	2.29.7	[Service thread] Get peers[%d].sock fd fails
W	2.16.2	2.29.7	[Service thread] Initialize peers[%d].sock fails
W	2.12.7	2.30.7	[Service thread] Unknown command %d from localRank %d
W	2.16.2	2.30.7	[Service thread] proxy ops shm unlink failed
W	2.12.7	2.30.7	[Service thread] shm close failed
W	2.12.7	2.15.5	[Service thread] shm unlink failed
W	2024-10	2024-10	[rocprofiler-sdk-rccl][%d] rocprofiler-register failed with error code %d : %s
W	2.29.2	2.30.7	asyncJobLaunch: failed to join thread for job
W	2.16.2	2.17.1	attaching memory should only reduce refcount by 1 but %d is passed
W	2.29.2	2.30.7	bcastGrowHandle: parent comm and handle must be provided
W	2.29.2	2.30.7	bootstrapInit: handles and parent are NULL
W	2.27.3	2.27.7	buffer %p (baseAddr %p align %d) size %zu (baseSize %ld align %d) does not satisfy symmetric registration requirements
W	2.30.7	2.30.7	close failed: %s
W	2.4.6	2.30.7	comm %p has already been destroyed
W	2.23.4	2.30.7	commDestroySync: comm %p rank %d sync deviceStream error %d
W	2.23.4	2.30.7	commDestroySync: comm %p rank %d sync hostStream error %d
W	2.14.3	2.30.7	commReclaim: cleanup comm %p rank %d failed in destroy/abort, error %d
W	2.16.2	2.21.5	commReclaim: comm %p (rank = %d) destroys proxy resource error %d
W	2.22.3	2.30.7	commReclaim: comm %p (rank = %d) in commDestroySync, error %d
W	2.14.3	2.21.5	commReclaim: comm %p (rank = %d) in abort, error %d
W	2.23.4	2.30.7	communicator encountered a fatal error (detected in %s)
W	2.13.4	2.20.5	cuDriverGetVersion failed with %d
W	2.26.2	2.29.3	cudaArch %d ncclMaxSharedMem %d exceeds device/fn maxSharedMem %zu
W	2.29.7	2.30.7	cudaArch %d dynamic smem %d exceeds device/fn maxSharedMem %d
W	2.12.7	2.30.7	cudaIpcGetMemHandle failed : %s
W	2.3.5	2.29.7	dlsym failed on %s - %s
W	2.3.5	2.30.7	dlvsym failed on %s - %s version %s
W	2.3.5	2.3.7	failed to get device pointer for local shmem %p : %s
W	2.3.5	2.7.8	failed to open CUDA IPC handle : %d %s
W	2.4.2	2.4.8	failed to peer with device %d(=%d): %d %s
W	2.5.6	2.30.7	failed to peer with device %d(=%lx): %d %s
W	2.3.5	2.30.7	failed to peer with device %d: %d %s
W	2.3.5	2.3.7	failed to register host buffer %p : %s
W	2.30.7	2.30.7	failed to set the number of devices for netPlugin[%d] to %d
W	2.3.5	2.3.7	failure in mmap of %s (size %d) : %s
W	2.24.3	2.25.1	fatal error - RAS thread terminating
W	2.9.6	2.30.7	gdr_close() failed: %d
W	2.9.6	2.21.5	gdr_copy_from_mapping(handle %lx, h_ptr %p, map_d_ptr %p, size %zi) failed: %d
W	2.22.3	2.30.7	gdr_copy_from_mapping(handle %lx, h_ptr %p, map_d_ptr %p, size %zu) failed: %d
W	2.9.6	2.21.5	gdr_copy_to_mapping(handle %lx, map_d_ptr %p, h_ptr %p, size %zi) failed: %d
W	2.22.3	2.30.7	gdr_copy_to_mapping(handle %lx, map_d_ptr %p, h_ptr %p, size %zu) failed: %d
W	2.9.6	2.30.7	gdr_get_info(handle %lx) failed: %d
W	2.9.6	2.21.5	gdr_map(handle %lx, size %zi) failed: %d
W	2.22.3	2.30.7	gdr_map(handle %lx, size %zu) failed: %d
W	2.9.6	2.21.5	gdr_pin_buffer(addr %lx, size %zi) failed: %d
W	2.22.3	2.30.7	gdr_pin_buffer(addr %lx, size %zu) failed: %d
W	2.30.3	2.30.7	gdr_pin_buffer_v2 not available; GDRCopy >= 2.5 required
W	2.30.3	2.30.7	gdr_pin_buffer_v2(addr %lx, size %zu, flags %u) failed: %d
W	2.9.6	2.21.5	gdr_unmap(handle %lx, va %p, size %zi) failed: %d
W	2.22.3	2.30.7	gdr_unmap(handle %lx, va %p, size %zu) failed: %d
W	2.9.6	2.30.7	gdr_unpin_buffer(handle %lx) failed: %d
W	2.29.7	2.30.7	getRandomData: buffer is NULL
W	2.29.7	2.30.7	getRandomData: std::random_device failed: %s
W	2.30.7	2.30.7	getXmlFromCpu: Unknown CPU architecture
W	2.30.7	2.30.7	graphStreamOrdering=0 with graphUsageMode=2 (graph mixing) is not supported; falling back to graphStreamOrdering=1 for this communicator
W	rocm-5.4.0	rocm-5.4.0	hipIpcGetMemHandle failed : %s
W	2.13.4	2.30.7	hostStreamPlanCallback() failed : %s
W	2.3.5	2.30.7	ibv_post_recv() failed with error %s
W	2.9.6	2.30.7	ibv_post_send() failed with error %s, Bad WR %p, First WR %p
W	2.3.5	2.8.4	ibv_post_send() failed with error %s
W	2.23.4	2.30.7	improper usage of ncclCommInitRank: nId = %d, nranks=%d
W	2.3.5	2.30.7	invalid device count (%d) requested
W	rocm-5.4.0	2024-10	invalid netGdrLevel: %s
W	2.30.7	2.30.7	invalid pointer %p / size %zu
W	2.3.5	2.30.7	lib wrapper not initialized.
W	2.27.5	2.30.7	localHostHash = 0x%lx not found in the list of system hostHashes
W	2.3.5	2.4.8	malloc of %ld bytes failed
W	2.18.1	2.24.3	maxCTAs %d is larger than #channels upper limit %d, cap it to %d
W	2.17.1	2.17.1	maxCTAs %d is larger than #channels upper limit %d
W	2.18.1	2.24.3	minCTAs %d is larger than #channels upper limit %d, cap it to %d
W	2.17.1	2.17.1	minCTAs %d is larger than #channels upper limit %d
W	2.18.1	2.24.3	minCTAs %d is larger than maxCTAs %d, set both to %d
W	2.17.1	2.17.1	minCTAs %d is larger than maxCTAs %d
W	2.22.3	2.30.7	munmap of shared memory %p size %ld failed, error: %s (%d)
W	2.16.2	2.21.5	munmap of shared memory %p size %ld failed, error: %s
W	2.3.5	2.15.5	munmap of shared memory failed
W	2.28.7	2.30.7	nLocals = %d should be a diviser of the number of ranks in node %d = %d
W	2.14.3	2.30.7	ncclAsyncJobComplete: job %p failed, job error %d
W	2.30.3	2.30.4	ncclCheckMultiRank exceeded number of local ranks %d
W	2.29.2	2.30.7	ncclCommGetUniqueId should not be called when NCCL_COMM_ID is set
W	2.29.2	2.30.7	ncclCommGrow: existing ranks must pass rank=-1, got %d
W	2.29.2	2.30.7	ncclCommGrow: magic mismatch computed by the root, got %lx expected %lx
W	2.29.2	2.30.7	ncclCommGrow: new rank %d exceeds total ranks %d
W	2.29.2	2.30.7	ncclCommGrow: new ranks must pass non-NULL uniqueId
W	2.29.2	2.30.7	ncclCommGrow: new ranks must pass valid rank >= 0, got %d
W	2.29.2	2.30.7	ncclCommGrow: total ranks %d is less than current ranks %d
W	2.29.2	2.30.7	ncclCommGrow: total ranks must be positive, got %d
W	2.14.3	2.30.7	ncclCommSetAsyncError: error comm %p sets state %d
W	2.14.3	2.30.7	ncclConfig_t argument not initialized via NCCL_CONFIG_INITIALIZER
W	2.30.3	2.30.7	ncclDevrWorldToLsaRank: world rank %d is not a member of the LSA team
W	2.28.7	2.30.4	ncclGinIbProxyIPutSignal: Unsupported signalOp %u
W	2.7.5	2.30.7	ncclGroupEnd: not in a group call.
W	2.29.2	2.30.7	ncclIpcSocketGetFd: pass NULL socket
W	2.30.3	2.30.7	ncclOsDlsym failed on %s - %s
W	2.30.7	2.30.7	ncclOsGetPciDeviceClassByBusId: Failed to parse PCI bus ID: %s
W	2.30.7	2.30.7	ncclOsGetPciDeviceParent: Failed to allocate memory for parent bus ID
W	2.30.7	2.30.7	ncclOsGetPciDeviceParent: Failed to parse PCI bus ID: %s
W	2.29.2	2.30.7	ncclOsSocketPollConnect to %s failed with error %s
W	2.29.7	2.30.7	ncclOsSocketProgressOpt: Call to %s %s failed : %d (%s)
W	2.29.2	2.30.7	ncclOsSocketProgressOpt: Call to %s %s failed : %s
W	2.29.2	2.29.3	ncclOsSocketProgressOpt: Call to %s %s failed : %u
W	2.29.2	2.30.7	ncclOsSocketProgressOpt: ioctlsocket failed with error: %ld
W	2.29.7	2.30.7	ncclOsSocketResetFd: socket() failed with error %d: %s
W	2.29.2	2.30.7	ncclOsSocketSetFlags: invalid socket
W	2.29.2	2.30.7	ncclOsSocketSetFlags: ioctlsocket failed with error: %ld
W	2.29.2	2.30.7	ncclOsSocketTryAccept: Accept failed: %s
W	2.29.2	2.30.7	ncclOsSocketTryAccept: exceeded error retry count after %d attempts, %s
W	2.17.1	2.17.1	ncclProxyCallAsync() - Saw abortFlag while waiting for proxyThread response
W	2.20.3	2.30.7	ncclProxyCallBlockingUDS call to tpRank %d(%lx) failed : %d
W	2.18.1	2.18.6	ncclProxyClientConvertFd call to top parent rank %d failed
W	2.19.1	2.19.4	ncclProxyClientGetFd call to rank %d handle 0x%lx failed : %d
W	2.20.3	2.30.7	ncclProxyClientGetFd call to tpRank %d handle 0x%lx failed : %d
W	2.23.4	2.30.7	ncclProxyClientQueryFdBlocking call to tpRank %d localFd %d failed : %d
W	2.30.7	2.30.7	ncclProxyConnect: peerIndex %d out of bounds [0, %d) for rank %d tpRank %d
W	2.30.7	2.30.7	ncclProxyConnect: proxyRank %d out of bounds [0, %d)
W	2.30.7	2.30.7	ncclProxyConnect: tpRank %d out of bounds [0, %d) for rank %d
W	2.22.3	2.30.7	ncclProxyStop: comm %p (rank = %d) destroys proxy resource error %d
W	2.30.3	2.30.7	ncclPutSignal currently does not support VAs backed by multiple physical cuMem segments
W	2.30.3	2.30.7	ncclPutSignal currently does not support VAs with host-backed cuMem segments
W	2.29.2	2.30.7	ncclPutSignal: peerWin is NULL
W	2.29.2	2.30.7	ncclPutSignal: srcBuff is NULL
W	2.29.2	2.30.7	ncclPutSignal: srcWinHost is not in a valid symmetric window
W	2.11.4	2.30.7	ncclRedOpDestroy :  operator is garbage.
W	2.17.1	2.30.7	ncclRedOpDestroy : invalid communicator passed.
W	2.11.4	2.30.7	ncclRedOpDestroy : operator is a NCCL builtin.
W	2.11.4	2.30.7	ncclRedOpDestroy : operator unknown to this communicator.
W	2.30.7	2.30.7	ncclRmaIbProxyIPutSignal: Unsupported signalOp %u
W	2.30.7	2.30.7	ncclRmaProxyEnqueueDesc: unknown desc type %d
W	2.30.7	2.30.7	ncclRmaProxyEnqueueFull: unknown desc type %d
W	2.30.7	2.30.7	ncclRmaProxyPutDoneParams: descriptor is not a put-signal type (%d)
W	2.30.7	2.30.7	ncclRmaProxyPutGroupDoneParams: descriptor is not a put-signal-group type (%d)
W	2.30.7	2.30.7	ncclRmaProxyPutGroupStartParams: descriptor is not a put-signal-group type (%d)
W	2.30.7	2.30.7	ncclRmaProxyPutStartParams: descriptor is not a put-signal type (%d)
W	2.30.7	2.30.7	ncclRmaProxyWaitParams: descriptor is not a wait-signal type (%d)
W	2.29.2	2.30.7	ncclSignal: count must be 0
W	2.22.3	2.30.7	ncclSimInfo_t argument not initialized via NCCL_SIM_INFO_INITIALIZER
W	2.16.2	2.30.7	ncclSocketAccept: pass NULL socket
W	2.16.2	2.30.7	ncclSocketAccept: wrong socket state %d
W	2.16.2	2.28.9	ncclSocketConnect: file descriptor is -1
W	2.16.2	2.30.7	ncclSocketConnect: pass NULL socket
W	2.29.2	2.30.7	ncclSocketConnect: socket is invalid
W	2.16.2	2.30.7	ncclSocketConnect: wrong socket state %d
W	2.16.2	2.30.7	ncclSocketGetAddr: pass NULL socket
W	2.16.2	2.30.7	ncclSocketGetFd: pass NULL socket
W	2.16.2	2.23.4	ncclSocketInit: Socket creation failed : %s
W	2.16.2	2.30.7	ncclSocketInit: connecting to address %s with family %d is neither AF_INET(%d) nor AF_INET6(%d)
W	2.16.2	2.28.9	ncclSocketListen: file descriptor is -1
W	2.16.2	2.30.7	ncclSocketListen: pass NULL socket
W	2.29.2	2.30.7	ncclSocketListen: socket is invalid
W	2.28.7	2.30.7	ncclSocketMultiOp: invalid arguments ops=%p numOps=%d
W	2.28.7	2.30.7	ncclSocketMultiOp: invalid socket at index %d
W	2.16.2	2.30.7	ncclSocketPollConnect: pass NULL socket
W	2.16.2	2.30.7	ncclSocketProgress: pass NULL socket
W	2.16.2	2.30.7	ncclSocketReady: unexpected socket state %d
W	2.16.2	2.30.7	ncclSocketRecv: pass NULL socket
W	2.16.2	2.30.7	ncclSocketRecv: socket state (%d) is not ready
W	2.16.2	2.30.7	ncclSocketSend: pass NULL socket
W	2.16.2	2.30.7	ncclSocketSend: socket state (%d) is not ready
W	2.21.5	2.30.7	ncclSocketSendRecv: invalid socket %p/%p
W	2.21.5	2.30.7	ncclSocketSendRecv: socket state (%d/%d) is not ready
W	2.29.2	2.30.7	ncclSocketSetFd: pass NULL socket
W	2.16.2	2.30.7	ncclSocketTryRecv: pass NULL socket
W	2.16.2	2.30.7	ncclSocketWait: pass NULL socket
W	2.28.3	2.30.7	ncclSymmetricTaskScheduler ran out of channel space (nMaxChannels=%d, workCount=%d, workIndex=%d)
W	2.30.3	2.30.7	ncclTopoDevToRank could not find rank for nvml dev %d in systemId %d
W	2.30.7	2.30.7	ncclTopoFillNet: parent is NULL even after fallback for %s
W	2.30.7	2.30.7	ncclTopoGetDevNodes : too many DEV nodes for busId %lx (max %d)
W	2.30.7	2.30.7	ncclTopoGetSystemFromXml: system node not found in XML
W	2.27.3	2.30.7	ncclTopoRankToIndex could not find rank %d
W	2.29.2	2.30.7	ncclWaitSignal: descriptor %d has invalid context %d (must be 0)
W	2.29.2	2.30.7	ncclWaitSignal: descriptor %d has invalid sigIdx %d (must be 0)
W	2.29.2	2.30.7	ncclWaitSignal: descriptor %d has invalid opCnt %d
W	2.29.2	2.30.7	ncclWaitSignal: invalid arguments
W	2.24.3	2.30.7	no device found after excluding %s%s, verify NCCL_OOB_NET_IFNAME
W	2.24.3	2.30.7	no device found matching %s%s, verify NCCL_OOB_NET_IFNAME
W	2.23.4	2.23.4	no device found matching NCCL_OOB_NET_IFNAME=%s, ignoring
W	2.3.5	2.3.7	nvmlDeviceClearCpuAffinity() failed: %s
W	2.12.7	2.30.7	nvmlDeviceGetCount%s() failed: %s
W	2.12.7	2.30.7	nvmlDeviceGetCount() reported more devices (%d) than the internal maximum (ncclNvmlMaxDevices=%d)
W	2.12.7	2.30.7	nvmlDeviceGetCudaComputeCapability(%d) failed: %s
W	2.5.6	2.11.4	nvmlDeviceGetCudaComputeCapability() failed: %s
W	2.12.7	2.30.7	nvmlDeviceGetHandleByIndex(%d) failed: %s
W	2.5.6	2.7.8	nvmlDeviceGetHandleByIndex() failed: %s
W	2.3.5	2.11.4	nvmlDeviceGetHandleByPciBusId() failed: %s
W	2.3.5	2.11.4	nvmlDeviceGetIndex() failed: %s
W	2.4.2	2.7.8	nvmlDeviceGetMinorNumber() failed: %s
W	2.12.7	2.30.7	nvmlDeviceGetP2PStatus(%d,%d,NVML_P2P_CAPS_INDEX_READ) failed: %s
W	2.3.5	2.7.8	nvmlDeviceGetPciInfo() failed: %s
W	2.3.5	2.3.7	nvmlDeviceSetCpuAffinity() failed: %s
W	2.12.7	2.30.7	nvmlInit%s() failed: %s
W	2.3.5	2.11.4	nvmlInit() failed: %s
W	2.3.5	2.11.4	nvmlShutdown() failed: %s
W	2.29.2	2.30.7	peer %d is not within valid range of ranks %d.
W	rocm-5.4.0	2024-10	pfn_hsa_system_get_info failed with %d
W	2.24.3	2.25.1	rank %d - COLLNET failed to register userbuff %p (handle %p), buffSize %ld, type %s, GDR is not enabled
W	2.30.7	2.30.7	rank %d invalid IPC peerIndex %d for peerRank %d ipcIndexSize %d ipcInfosSize %d p2pCrossClique %d
W	2.24.3	2.25.1	rank %d failed to NVLS register sendbuff %p sendbuffSize %ld recvbuff %p recvbuffSize %ld
W	2.24.3	2.25.1	rank %d failed to IPC register userbuff %p buffSize %ld nPeers %d isLegacyIpc %p
W	2.24.3	2.30.7	rank %d deregister COLLNET buffer handle %p proxy rank %d failed
W	2.24.3	2.25.1	rank %d failed to NET register userbuff %p buffSize %ld GDR flag %d
W	2.26.2	2.30.7	rank %d deregister NVLS buffer %p dev %d ucsize %ld mcsize %ld failed
W	2.24.3	2.30.7	rank %d deregister NET buffer handle %p proxy rank %d failed
W	2.28.7	2.30.7	rank %d - GIN Symmetric register failed: buff %p, size %ld
W	2.30.7	2.30.7	rank %d - RMA Symmetric register failed: buff %p, size %ld
W	2.4.2	2.4.8	rank %d failed to get CUDA IPC handle to device %d(=%d) : %d %s
W	2.5.6	2.7.8	rank %d failed to get CUDA IPC handle to device %d(=%lx) : %d %s
W	2.24.3	2.30.7	rank %d deregister IPC buffer %p peerRank %d failed
W	2.24.3	2.25.1	rank %d deregister NVLS buffer %p dev %d size %ld failed
W	2.3.5	2.3.7	rank %d failed to get CUDA IPC handle to device %d : %d %s
W	2.30.7	2.30.7	rank %d invalid IPC peerRank %d nRanks %d
W	2.27.3	2.27.7	rank %d alignment %ld is not power of 2
W	2.3.5	2.30.7	rank %d exceeds ndev=%d
W	2.12.7	2.30.7	recvProxyConnect: reqSize is %d != %ld
W	2.12.7	2.30.7	recvProxyConnect: respSize is %d != %ld
W	2.24.3	2.30.7	recvProxySetup: net plugin returned invalid value for maxP2pBytes %ld       [allowed range: %ld - %ld]
W	2.19.1	2.19.4	register fails, buffer %p (aligned %s, granularity %ld) and size %ld (aligned %s, granularity %ld) for registration
W	rocm-4.5.0	2024-10	rocm_smi_lib: %s device index not found
W	2.29.2	2.30.7	sched_getaffinity failed with error: %s
W	2.29.2	2.30.7	sched_setaffinity failed with error: %s
W	2.12.7	2.30.7	sendProxyConnect: reqSize is %d != %ld
W	2.12.7	2.30.7	sendProxyConnect: respSize is %d != %ld
W	2.24.3	2.30.7	sendProxySetup: collnet plugin returned invalid value for maxCollBytes %ld       [allowed range: %ld - %ld]
W	2.24.3	2.30.7	sendProxySetup: net plugin returned invalid value for maxP2pBytes %ld       [allowed range: %ld - %ld]
W	2.3.5	2.3.7	shm_open failed to open %s : %s
W	2.27.3	2.30.4	socketFinalizeAccept from %s: wrong type %d != %d
W	2.16.2	2.26.6	socketFinalizeAccept: wrong magic %lx != %lx
W	2.16.2	2.26.6	socketFinalizeAccept: wrong type %d != %d
W	2.16.5	2.26.6	socketPollConnect poll() failed with error %s
W	2.23.4	2.26.6	socketPollConnect poll() returned %d%s
W	2.27.3	2.28.9	socketPollConnect to %s failed with error %s
W	2.20.3	2.23.4	socketPollConnect: Connect to %s returned %d(%s) errno %d(%s)
W	2.16.2	2.23.4	socketPollConnect: exceeded retries (%d)
W	2.16.2	2.23.4	socketPollConnect: exceeded timeouts (%d)
W	2.16.2	2.30.7	socketProgress: Connection closed by remote peer %s
W	2.24.3	2.28.9	socketProgressOpt: Call to %s %s failed : %s
W	2.16.2	2.23.4	socketProgressOpt: Call to recv from %s failed : %s
W	2.16.2	2.23.4	socketStartConnect: Connect to %s failed : %s
W	2.16.2	2.23.4	socketStartConnect: exceeded retries (%d)
W	2.16.2	2.23.4	socketStartConnect: exceeded timeouts (%d)
W	2.18.1	2.28.9	socketTryAccept: Accept failed: %s
W	2.24.3	2.26.6	socketTryAccept: exceeded error retry count (%d), %s
W	2.27.3	2.28.9	socketTryAccept: exceeded error retry count after %d attempts, %s
W	2.16.2	2.17.1	socketTryAccept: get errno %d that is not EAGAIN or EWOULDBLOCK
W	2.18.1	2.24.3	splitShare %d is not a valid value 0/1, set it to 0
W	2.30.7	2.30.7	trying to access the number of devices of an uninitialized ginPlugin[%d]
W	2.30.7	2.30.7	trying to access the number of devices of an uninitialized netPlugin[%d]
W	2.30.7	2.30.7	trying to access the number of devices of an uninitialized rmaPlugin[%d]
W	rocm-5.7.0	2024-10	type of buffer is not supported: %s
W	2.22.3	2.30.7	unlink shared memory %s failed, error: %s (%d)
W	2.16.2	2.21.5	unlink shared memory %s failed, error: %s
W	2.29.2	2.30.7	window has a NULL user pointer
"""#
}
