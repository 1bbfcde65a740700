import * as browser from "./browser.ts";
import * as bun from "./bun.ts";
import * as deno from "./deno.ts";
import type { LocalHosts } from "./local-hosts.ts";
import * as node from "./node.ts";

({ node, bun, deno, browser }) satisfies Record<string, LocalHosts>;
