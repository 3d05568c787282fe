"""What the quality gate puts aside, and what a person rules on it."""
