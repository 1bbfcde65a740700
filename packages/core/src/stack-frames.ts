/** One line of a stack, of those that name a file. */
export interface StackFrame {
  /** The line as it is, trimmed. */
  readonly text: string;
  /** `file:line:column`; a path where it is a file here. */
  readonly position: string;
  /** Whose code it is: this package's and its sisters', a library's, or that of whoever uses them. */
  readonly owner: "shoal" | "library" | "user";
}

/** The frames of a stack, the latest call first, in the form of V8 or in that of Firefox and Safari. What the runtime does itself is left out. */
export function stackFrames(stack: string | undefined): readonly StackFrame[] {
  return (stack ?? "").split("\n").flatMap((line) => {
    const [, url, place] = frame.exec(line) ?? [];
    if (url === undefined || url.startsWith("node:")) return [];
    const path = pathOf(url);
    return [{ text: line.trim(), position: `${path}:${place}`, owner: ownerOf(path) }];
  });
}

const frame = /(?:^\s+at (?:async )?|^\s+at .*\(|^[^@\s]*@)((?:[a-z][a-z+]+:\/|\/|[A-Za-z]:[\\/]|node:|data:|blob:)[^()]*?):(\d+:\d+)\)?$/;

/**
 * Where a user's code threw: the latest frame that is theirs, as long as no frame of ours lies above it. So what is thrown in here is nobody's
 * fault, and neither is the line below that asked for rows. Undefined where nothing tells.
 */
export function thrownAt(stack: string | undefined): string | undefined {
  const frames = stackFrames(stack);
  const end = frames.findIndex(({ owner }) => owner === "shoal");
  return (end < 0 ? frames : frames.slice(0, end)).find(({ owner }) => owner === "user")?.position;
}

function ownerOf(path: string): StackFrame["owner"] {
  if (/[\\/]node_modules[\\/](@shoal|shoal)[\\/]/.test(path) || path === ownPath) return "shoal";
  if (/[\\/]node_modules[\\/]/.test(path)) return "library";
  return workspace !== undefined && path.startsWith(workspace) && ours.test(path.slice(workspace.length)) ? "shoal" : "user";
}

function pathOf(url: string): string {
  if (!url.startsWith("file:")) return url;
  const path = url.replace(/^file:\/\/(?:localhost)?/, "").replace(/^\/(?=[A-Za-z]:)/, "");
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Some bundlers give a module no address. */
const ownPath = pathOf((import.meta as { readonly url?: string }).url ?? "");
/** Where this package lies in its workspace, a slash at the end; undefined where it is installed, or part of a bundle. */
const workspace = /^(.*\/)packages\/core\/(?:src|dist)\//.exec(ownPath)?.[1];
const ours = /^(packages\/[a-z-]+|apps\/(coordinator|volunteer))\/(src|dist|ts-loader)\//;
