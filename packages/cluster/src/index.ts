// What other packages may take, room by room. Engine and scheduler have an index that says what the other rooms take; of the others these take the files themselves.
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
