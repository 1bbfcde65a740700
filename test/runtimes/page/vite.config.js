export default {
  worker: { format: "es" },
  optimizeDeps: { exclude: ["shoal", "@shoal/io", "@shoal/tiny-models", "onnxruntime-web"], include: ["papaparse", "picomatch"] },
};
