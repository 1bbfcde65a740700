import { defaultLimits, folderFiles, serveGateway, type Served, type ServeOptions, type StoredFiles } from "@shoal/coordinator";
import { silentLogger, systemClock } from "@shoal/core";
import { scriptedGateway, type ScriptedGateway } from "./scripted-gateway.ts";

export interface TestServer extends AsyncDisposable, Served {
  readonly gateway: ScriptedGateway;
  readonly files: StoredFiles;
}

/** A coordinator's network side around a scripted gateway. */
export async function serve(options: Partial<ServeOptions> = {}): Promise<TestServer> {
  const gateway = scriptedGateway();
  const files = folderFiles();
  const served = await serveGateway({
    gateway, files, host: "127.0.0.1", port: 0, certificate: undefined, baseUrl: undefined, trustedProxies: undefined, origins: [], limits: defaultLimits, clock: systemClock, log: silentLogger,
    ...options,
  });
  const close = async (): Promise<void> => {
    await served.close();
    await files.close();
  };
  return { ...served, gateway, files, close, [Symbol.asyncDispose]: close };
}

export const bearer = (token: string): { headers: Record<string, string> } => ({ headers: { authorization: `Bearer ${token}` } });
