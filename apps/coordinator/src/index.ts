export { folderFiles, type StoredFiles } from "./files/folder-files.ts";
export { ownCertificate, readCertificate, type Certificate } from "./https/certificate.ts";
export { linkOf } from "./links/link.ts";
export { qrCode } from "./links/qr-code.ts";
export type { Offer, OfferedJob } from "./routes/job-routes.ts";
export { serveGateway, type Served, type ServeOptions } from "./serve-gateway.ts";
export { defaultLimits, type ConnectionLimits, type Traffic } from "./server/connection-limits.ts";
export { securityHeaders } from "./server/security-headers.ts";
export { startCoordinator, type Coordinator, type CoordinatorOptions, type LinkOptions } from "./start-coordinator.ts";
