export { folderFiles, type FolderFilesOptions, type StoredFiles } from "@shoal/cluster/stores";
