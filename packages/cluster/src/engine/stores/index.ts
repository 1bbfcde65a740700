export type { FileStore } from "./files/file-store.ts";
export type { StoredFiles } from "./files/stored-files.ts";
export type { FileLimits } from "./files/prune-files.ts";
export { folderFiles, type FolderFilesOptions } from "./folder/folder-files.ts";
export { sharedFolderBlobs, type SharedFolderOptions } from "./folder/shared-folder-blobs.ts";
export { openStore, type Store, type StoreOptions } from "./open-store.ts";
export { s3Blobs } from "./s3/s3-blobs.ts";
export type { Environment } from "./s3/s3-from-environment.ts";
export type { S3Credentials, S3Options } from "./s3/s3-options.ts";
