"""What the engine calls: thin actions, one module a flow. They read the tracker, call a service and phrase the result; no SQL, no business rule."""
