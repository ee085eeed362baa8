"""The pages of ontology and shapes: labels, sentences from shapes, diagrams of classes, and what the templates show."""
