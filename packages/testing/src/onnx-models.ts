// Written by make-onnx-models.py.

/** y = x + x; float32 [n]. */
export const doubleModel: Uint8Array = decoded("CAc6NwoOCgF4CgF4EgF5IgNBZGQSAWdaEAoBeBILCgkIARIFCgMSAW5iEAoBeRILCgkIARIFCgMSAW5CBAoAEA0=");

/** For each type t: t_out = t_in; [n]. */
export const echoModel: Uint8Array = decoded("CAc61wQKHwoIaW50NjRfaW4SCWludDY0X291dCIISWRlbnRpdHkKHwoIaW50MzJfaW4SCWludDMyX291dCIISWRlbnRpdHkKHwoIdWludDhfaW4SCXVpbnQ4X291dCIISWRlbnRpdHkKIwoKZmxvYXQ2NF9pbhILZmxvYXQ2NF9vdXQiCElkZW50aXR5Ch0KB2Jvb2xfaW4SCGJvb2xfb3V0IghJZGVudGl0eQodCgd1dGY4X2luEgh1dGY4X291dCIISWRlbnRpdHkKIwoKZmxvYXQxNl9pbhILZmxvYXQxNl9vdXQiCElkZW50aXR5EgFnWhcKCGludDY0X2luEgsKCQgHEgUKAxIBbloXCghpbnQzMl9pbhILCgkIBhIFCgMSAW5aFwoIdWludDhfaW4SCwoJCAISBQoDEgFuWhkKCmZsb2F0NjRfaW4SCwoJCAsSBQoDEgFuWhYKB2Jvb2xfaW4SCwoJCAkSBQoDEgFuWhYKB3V0ZjhfaW4SCwoJCAgSBQoDEgFuWhkKCmZsb2F0MTZfaW4SCwoJCAoSBQoDEgFuYhgKCWludDY0X291dBILCgkIBxIFCgMSAW5iGAoJaW50MzJfb3V0EgsKCQgGEgUKAxIBbmIYCgl1aW50OF9vdXQSCwoJCAISBQoDEgFuYhoKC2Zsb2F0NjRfb3V0EgsKCQgLEgUKAxIBbmIXCghib29sX291dBILCgkICRIFCgMSAW5iFwoIdXRmOF9vdXQSCwoJCAgSBQoDEgFuYhoKC2Zsb2F0MTZfb3V0EgsKCQgKEgUKAxIBbkIECgAQDQ==");

/** present = past ++ step along axis 1, logits = 2 present; float32 [rows, positions, 2]. */
export const cacheModel: Uint8Array = decoded("CAc68AEKKgoEcGFzdAoEc3RlcBIHcHJlc2VudCIGQ29uY2F0KgsKBGF4aXMYAaABAgofCgdwcmVzZW50CgdwcmVzZW50EgZsb2dpdHMiA0FkZBIBZ1okCgRwYXN0EhwKGggBEhYKBhIEcm93cwoIEgZiZWZvcmUKAggCWiEKBHN0ZXASGQoXCAESEwoGEgRyb3dzCgUSA25ldwoCCAJiKQoGbG9naXRzEh8KHQgBEhkKBhIEcm93cwoLEglwb3NpdGlvbnMKAggCYioKB3ByZXNlbnQSHwodCAESGQoGEgRyb3dzCgsSCXBvc2l0aW9ucwoCCAJCBAoAEA0=");

/** The same in float16. */
export const halfCacheModel: Uint8Array = decoded("CAc68AEKKgoEcGFzdAoEc3RlcBIHcHJlc2VudCIGQ29uY2F0KgsKBGF4aXMYAaABAgofCgdwcmVzZW50CgdwcmVzZW50EgZsb2dpdHMiA0FkZBIBZ1okCgRwYXN0EhwKGggKEhYKBhIEcm93cwoIEgZiZWZvcmUKAggCWiEKBHN0ZXASGQoXCAoSEwoGEgRyb3dzCgUSA25ldwoCCAJiKQoGbG9naXRzEh8KHQgKEhkKBhIEcm93cwoLEglwb3NpdGlvbnMKAggCYioKB3ByZXNlbnQSHwodCAoSGQoGEgRyb3dzCgsSCXBvc2l0aW9ucwoCCAJCBAoAEA0=");

/** y = x to the 25th; float32 [rows, columns], square: slow when large, fails when not square. */
export const powerModel: Uint8Array = decoded("CAc61QQKEgoBeAoBeBICeDEiBk1hdE11bAoTCgJ4MQoBeBICeDIiBk1hdE11bAoTCgJ4MgoBeBICeDMiBk1hdE11bAoTCgJ4MwoBeBICeDQiBk1hdE11bAoTCgJ4NAoBeBICeDUiBk1hdE11bAoTCgJ4NQoBeBICeDYiBk1hdE11bAoTCgJ4NgoBeBICeDciBk1hdE11bAoTCgJ4NwoBeBICeDgiBk1hdE11bAoTCgJ4OAoBeBICeDkiBk1hdE11bAoUCgJ4OQoBeBIDeDEwIgZNYXRNdWwKFQoDeDEwCgF4EgN4MTEiBk1hdE11bAoVCgN4MTEKAXgSA3gxMiIGTWF0TXVsChUKA3gxMgoBeBIDeDEzIgZNYXRNdWwKFQoDeDEzCgF4EgN4MTQiBk1hdE11bAoVCgN4MTQKAXgSA3gxNSIGTWF0TXVsChUKA3gxNQoBeBIDeDE2IgZNYXRNdWwKFQoDeDE2CgF4EgN4MTciBk1hdE11bAoVCgN4MTcKAXgSA3gxOCIGTWF0TXVsChUKA3gxOAoBeBIDeDE5IgZNYXRNdWwKFQoDeDE5CgF4EgN4MjAiBk1hdE11bAoVCgN4MjAKAXgSA3gyMSIGTWF0TXVsChUKA3gyMQoBeBIDeDIyIgZNYXRNdWwKFQoDeDIyCgF4EgN4MjMiBk1hdE11bAoTCgN4MjMKAXgSAXkiBk1hdE11bBIBZ1oeCgF4EhkKFwgBEhMKBhIEcm93cwoJEgdjb2x1bW5zYh4KAXkSGQoXCAESEwoGEgRyb3dzCgkSB2NvbHVtbnNCBAoAEA0=");

/** y = by * x, sum = the sum of y; x float32 [n, 2], by int64 [], sum []. */
export const scaleModel: Uint8Array = decoded("CAc6pgEKHQoCYnkSBmZhY3RvciIEQ2FzdCoJCgJ0bxgBoAECChMKAXgKBmZhY3RvchIBeSIDTXVsCiQKAXkSA3N1bSIJUmVkdWNlU3VtKg8KCGtlZXBkaW1zGACgAQISAWdaFAoBeBIPCg0IARIJCgMSAW4KAggCWgwKAmJ5EgYKBAgHEgBiFAoBeRIPCg0IARIJCgMSAW4KAggCYg0KA3N1bRIGCgQIARIAQgQKABAN");

/** y = x + w; float32 [n, 2], w [2] in the external data file weights.bin. */
export const externalModel: Uint8Array = decoded("CAc6fQoOCgF4CgF3EgF5IgNBZGQSAWcqPAgCEAFCAXdqFwoIbG9jYXRpb24SC3dlaWdodHMuYmluagsKBm9mZnNldBIBMGoLCgZsZW5ndGgSAThwAVoUCgF4Eg8KDQgBEgkKAxIBbgoCCAJiFAoBeRIPCg0IARIJCgMSAW4KAggCQgQKABAN");

/** out = next = the sum of state + each of x; float32 x [1, n], state [1, 1]. */
export const windowModel: Uint8Array = decoded("CAc61QEKFQoFc3RhdGUKAXgSBHN1bTAiA0FkZAouCgRzdW0wCgRheGVzEgRuZXh0IglSZWR1Y2VTdW0qDwoIa2VlcGRpbXMYAaABAgoVCgRuZXh0EgNvdXQiCElkZW50aXR5EgFnKhQIARAHQgRheGVzSggBAAAAAAAAAFoUCgF4Eg8KDQgBEgkKAggBCgMSAW5aFwoFc3RhdGUSDgoMCAESCAoCCAEKAggBYhUKA291dBIOCgwIARIICgIIAQoCCAFiFgoEbmV4dBIOCgwIARIICgIIAQoCCAFCBAoAEA0=");

/** y = x + x; float32 [2, 2]: two rows at a time. */
export const pairsModel: Uint8Array = decoded("CAc6PQoOCgF4CgF4EgF5IgNBZGQSAWdaEwoBeBIOCgwIARIICgIIAgoCCAJiEwoBeRIOCgwIARIICgIIAgoCCAJCBAoAEA0=");

/** values = the x above zero; float32 [1, n] to [found], without an axis for rows. */
export const aboveModel: Uint8Array = decoded("CAc62gEKGAoBeAoEemVybxIEbWFzayIHR3JlYXRlcgobCgRtYXNrCgRheGVzEgRmbGF0IgdTcXVlZXplCicKAXgKBGZsYXQSBWZvdW5kIghDb21wcmVzcyoLCgRheGlzGAGgAQIKHgoFZm91bmQKBGF4ZXMSBnZhbHVlcyIHU3F1ZWV6ZRIBZyoOEAFCBHplcm9KBAAAAAAqFAgBEAdCBGF4ZXNKCAAAAAAAAAAAWhQKAXgSDwoNCAESCQoCCAEKAxIBbmIZCgZ2YWx1ZXMSDwoNCAESCQoHEgVmb3VuZEIECgAQDQ==");

/** twice = 2 half (float16), same = ids (int64) as float32, echo = text, positive = ids > 0. */
export const tokensModel: Uint8Array = decoded("CAc63gIKGAoEaGFsZgoEaGFsZhIFdHdpY2UiA0FkZAocCgNpZHMSBHNhbWUiBENhc3QqCQoCdG8YAaABAgoWCgR0ZXh0EgRlY2hvIghJZGVudGl0eQofCgRzYW1lCgR6ZXJvEghwb3NpdGl2ZSIHR3JlYXRlchIBZyoOEAFCBHplcm9KBAAAAABaHwoDaWRzEhgKFggHEhIKBhIEcm93cwoIEgZsZW5ndGhaGgoEaGFsZhISChAIChIMCgYSBHJvd3MKAggCWhoKBHRleHQSEgoQCAgSDAoGEgRyb3dzCgIIAWIbCgV0d2ljZRISChAIChIMCgYSBHJvd3MKAggCYiAKBHNhbWUSGAoWCAESEgoGEgRyb3dzCggSBmxlbmd0aGIaCgRlY2hvEhIKEAgIEgwKBhIEcm93cwoCCAFiJAoIcG9zaXRpdmUSGAoWCAkSEgoGEgRyb3dzCggSBmxlbmd0aEIECgAQDQ==");

/** y = a b; float32 [rows, 1] and [1, columns] to [rows, columns]: much from little. */
export const outerModel: Uint8Array = decoded("CAc6aAoOCgFhCgFiEgF5IgNNdWwSAWdaFwoBYRISChAIARIMCgYSBHJvd3MKAggBWhoKAWISFQoTCAESDwoCCAEKCRIHY29sdW1uc2IeCgF5EhkKFwgBEhMKBhIEcm93cwoJEgdjb2x1bW5zQgQKABAN");

function decoded(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
