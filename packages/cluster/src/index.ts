// What other packages may take, room by room. Each room's own index is for the other rooms.
export { runAgent } from "./agent/index.ts";
export type { Agent, AgentEvent, AgentParts, Dial } from "./agent/index.ts";

export { defaultConnectionLimits, encodeMessage, GatewayHosts, inFragments, memoryChannel, MessageReader, parseLink, protocolVersion, socketChannel } from "./connection/index.ts";
export type { Channel, ChannelListener, ConnectionLimits, FragmentSocket, Link, Message, SaidBy, Side, SocketChannelOptions, TakenBy, WebSocketLike } from "./connection/index.ts";
/** The words of the protocol. */
export type * from "./connection/messages.ts";

export { createCluster, manifestOf, TakenBlocks } from "./driver/index.ts";
export type { BundlePredictor, Cluster, ClusterJob, ClusterParts, ConnectedCluster, DialGateway, DriverChannel, FindModel, JobSettings, TravellingFile, TravellingModel } from "./driver/index.ts";

export { commitUntilDecided, engineClosed, enginePaused, memoryEngine, sha256Of } from "./engine/index.ts";
export type { BlobStore, ByteRange, Engine, EngineStatus, LeaderElection, Leadership, MemoryEngineOptions, Persistence, QueuedTask, QueueLease, TaskQueue } from "./engine/index.ts";
export type * from "./engine/ledger.ts";

export { assertSameStore, coordinatorLedger, createGateway, engineSecret, GivenBlocks } from "./gateway/index.ts";
export type { CheckedBytes, CheckResult, CloseOptions, FileStore, Gateway, GatewayParts, GatewaySettings, HelpSnapshot, Invite, JobSnapshot, Origin, ResultExpectation, SegmentSnapshot, Snapshot, WorkerSnapshot } from "./gateway/index.ts";

export { createScheduler, schedule } from "./scheduler/index.ts";
export type { AttemptId, JobSpec, LeasedTask, SchedulerEffect, SchedulerEvent, SchedulerSettings, SchedulerState, SegmentNeeds, SegmentSpec, TaskEntry, TaskFailed, TaskId, WorkerBeat, WorkerJoined } from "./scheduler/index.ts";
