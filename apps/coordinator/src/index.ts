export { createResultChecker, type CheckResult, type ResultCheckerOptions } from "./checking/result-checker.ts";
