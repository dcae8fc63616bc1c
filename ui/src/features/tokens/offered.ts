export { CreateTokenDialog } from "./create/CreateTokenDialog";
