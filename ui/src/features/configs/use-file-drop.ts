import { type DragEvent, useState } from "react";

/** Lets somebody drop files onto an element: spread `target` onto it. What is dragged that is no file is left alone. */
export function useFileDrop(onFiles: (files: File[]) => void, enabled = true) {
  const [dropping, setDropping] = useState(false);
  const drop = (event: DragEvent) => {
    setDropping(false);
    const files = [...event.dataTransfer.files];
    if (files.length === 0 || !enabled) return;
    event.preventDefault();
    event.stopPropagation();
    onFiles(files);
  };
  const drag = (event: DragEvent) => {
    if (!enabled || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    setDropping(true);
  };
  const leave = (event: DragEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDropping(false);
  };
  return { "data-dropping": dropping || undefined, onDragOver: drag, onDragLeave: leave, onDropCapture: drop };
}
