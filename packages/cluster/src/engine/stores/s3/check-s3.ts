import { ShoalError } from "@shoal/core";
import { sourceOf, type S3Objects } from "./s3-objects.ts";

/**
 * Whether a bucket can be reached, written, listed, and does what a store needs of it: some services take a second write that they were told to refuse.
 * @throws `store-unreachable`, `store-refused`, `store-missing`, `store-unsuited`, `disk-full`
 */
export async function checkS3(objects: S3Objects): Promise<void> {
  const name = "conditional-writes";
  const source = sourceOf(new TextEncoder().encode("Whether a second one of these is refused.\n"));
  if ((await objects.write(name, source, true)) && (await objects.write(name, source, true))) {
    throw new ShoalError("store-unsuited", `The service of ${objects.requests.where} ignores If-None-Match: it writes over what is there.`, {
      hint: "Take one with conditional writes, or a newer version of this one.", details: { where: objects.requests.where },
    });
  }
  await objects.list(name);
}
