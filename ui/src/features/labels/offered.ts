export { LabelsDialog } from "./parts/LabelsDialog";
