// node tell.ts '{"devices":["cpu"], …}', and likewise with Bun and Deno: prints the story as JSON.
import { tellStory, type StorySetting } from "./story.ts";

console.log(JSON.stringify(await tellStory(JSON.parse(process.argv[2] as string) as StorySetting)));
