/** What an iterator gives, as the body of an answer: asked for the next part when the last one has gone. @param onLeft the reader has left: what the iterator waits for must end */
export function streamBody(parts: AsyncGenerator<Uint8Array>, onLeft: () => void = () => {}): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await parts.next();
          if (next.done === true) controller.close();
          else controller.enqueue(next.value);
        } catch (error) {
          controller.error(error);
        }
      },
      async cancel() {
        onLeft();
        await parts.return(undefined).catch(() => {});
      },
    },
    // Nothing is made ahead of the reader.
    { highWaterMark: 0 },
  );
}
