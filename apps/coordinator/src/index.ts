export { createResultChecker, type CheckResult, type ResultCheckerOptions, type ResultForm } from "./checking/result-checker.ts";
