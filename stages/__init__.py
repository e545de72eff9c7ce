"""The application: the stages that turn a lecture into its slides, in the order of the data flow."""
