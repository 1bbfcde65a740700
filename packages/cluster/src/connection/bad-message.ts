import { ShoalError, type FailureClass } from "@shoal/core";

/** What came, or was to be sent, is none of the messages that both sides know. */
export function badMessage(message: string, options: { readonly failure?: FailureClass; readonly cause?: unknown } = {}): ShoalError {
  return new ShoalError("bad-message", message, { hint: "Update the older side, so that both run the same version.", ...options });
}
