// The story in a page, built by vite. Its predictors of one's own need the worker entry of a bundle; the others have their own.
import { tellStory, type StorySetting } from "../story.ts";

const worker = (): Worker => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });

Object.assign(globalThis, { tellStory: (setting: StorySetting) => tellStory(setting, worker) });
