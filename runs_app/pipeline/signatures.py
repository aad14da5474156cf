"""The signatures of every step that asks a model: what goes in, what must come out, and the instruction between.

Documents and other people's words reach a model as data in a field of their own; no instruction is built from them.
"""

import dspy

from runs_app.domain.generation import SkillStyle, Step
from runs_app.pipeline.results import (
    AskedQuestion,
    ChangeRequest,
    CheckItem,
    DependencyAnalysis,
    Effort,
    EstimatedLength,
    Share,
    SkillKind,
    SkillMetadataResult,
    SkillRef,
    StrategyName,
    TargetLevel,
    TaskIntent,
    TestCase,
    UsageExample,
)


class GatherRequirements(dspy.Signature):
    """Read the task and say what it asks for: its domain, its level, three to seven topics, and what stays unclear.

    List an ambiguity only when a different answer would make a different skill.
    """

    task_description: str = dspy.InputField(desc="the task as the person wrote it, with their answers")
    domain: str = dspy.OutputField()
    category: str = dspy.OutputField(desc="lower-case words with hyphens")
    target_level: TargetLevel = dspy.OutputField()
    topics: list[str] = dspy.OutputField(desc="three to seven")
    constraints: list[str] = dspy.OutputField()
    ambiguities: list[str] = dspy.OutputField()


class AnalyzeIntent(dspy.Signature):
    """Say why this skill is wanted, for whom, what kind of document serves that, and how one would see that it works."""

    task_description: str = dspy.InputField()
    user_context: str = dspy.InputField(desc="examples, constraints and answers of the person")
    task_intent: TaskIntent = dspy.OutputField()
    skill_type: SkillKind = dspy.OutputField()
    scope: str = dspy.OutputField(desc="what it covers, and what it leaves out")
    success_criteria: list[str] = dspy.OutputField(desc="three to five, each one that can be checked")


class FindTaxonomyPath(dspy.Signature):
    """Choose the place in the library for the skill. Prefer a branch that exists; propose a new one only for a reason.

    A path is lower-case words with hyphens, joined by slashes, at most three levels deep. Confidence below 0.6 means that
    a person should decide.
    """

    task_description: str = dspy.InputField()
    taxonomy_structure: str = dspy.InputField(desc="the branches there are, one a line")
    existing_skills: str = dspy.InputField(desc="skills nearby, one a line: path and description")
    recommended_path: str = dspy.OutputField()
    alternative_paths: list[str] = dspy.OutputField(desc="two or three")
    path_rationale: str = dspy.OutputField()
    new_directories: list[str] = dspy.OutputField()
    confidence: Share = dspy.OutputField()


class AnalyzeDependencies(dspy.Signature):
    """Say which existing skills this one needs, goes well with, or must not stand beside, each with its reason.

    Name only skills from the list as existing; what is needed and is not there goes to the missing prerequisites.
    """

    task_description: str = dspy.InputField()
    task_intent: str = dspy.InputField()
    taxonomy_path: str = dspy.InputField()
    existing_skills: str = dspy.InputField()
    dependency_analysis: DependencyAnalysis = dspy.OutputField()
    prerequisite_skills: list[SkillRef] = dspy.OutputField()
    complementary_skills: list[SkillRef] = dspy.OutputField()
    missing_prerequisites: list[str] = dspy.OutputField()


class SynthesizePlan(dspy.Signature):
    """Make one plan of the analyses: metadata, five to fifteen points of content, and instructions to the writer.

    The name has lower-case letters, digits and hyphens only. The description begins with "Use when" and says what
    triggers the skill and what it does, in one line without angle brackets, at most 1,024 characters.
    """

    intent_analysis: str = dspy.InputField()
    taxonomy_analysis: str = dspy.InputField()
    dependency_analysis: str = dspy.InputField()
    user_confirmation: str = dspy.InputField(desc="what the person said to the plan before, if anything")
    skill_metadata: SkillMetadataResult = dspy.OutputField()
    content_plan: list[str] = dspy.OutputField(desc="five to fifteen points in order")
    generation_instructions: str = dspy.OutputField(desc="three to seven sentences")
    success_criteria: list[str] = dspy.OutputField()
    estimated_length: EstimatedLength = dspy.OutputField()


class GenerateContent(dspy.Signature):
    """Write the body of the skill in Markdown, without front matter, for an agent that has to act on it.

    Say first when to use it and when not. Give steps in order, commands and code that run, each with a sentence before
    it; set a wrong way beside the right one where people err; end with a way to check the result. Plain imperatives.
    """

    skill_metadata: str = dspy.InputField()
    skill_style: SkillStyle = dspy.InputField()
    content_plan: str = dspy.InputField()
    generation_instructions: str = dspy.InputField()
    parent_skills_content: str = dspy.InputField()
    dependency_summaries: str = dspy.InputField()
    skill_content: str = dspy.OutputField(desc="Markdown; begins with a heading of the first level")
    usage_examples: list[UsageExample] = dspy.OutputField(desc="three to five")
    best_practices: list[str] = dspy.OutputField(desc="five to ten")
    test_cases: list[TestCase] = dspy.OutputField(desc="two to five")
    estimated_reading_time: int = dspy.OutputField(desc="minutes")


class IncorporateFeedback(dspy.Signature):
    """Change the document as the person asks and leave the rest as it is. Name each request that was not met, and why."""

    current_content: str = dspy.InputField()
    user_feedback: str = dspy.InputField()
    change_requests: str = dspy.InputField()
    skill_metadata: str = dspy.InputField()
    refined_content: str = dspy.OutputField(desc="the whole document")
    changes_made: list[str] = dspy.OutputField()
    unaddressed_feedback: list[str] = dspy.OutputField()
    improvement_score: Share = dspy.OutputField()


class ValidateSkill(dspy.Signature):
    """Judge the document against its plan: compliance, alignment, examples, pairs of wrong and right. Quote what you mean."""

    skill_content: str = dspy.InputField()
    skill_metadata: str = dspy.InputField()
    content_plan: str = dspy.InputField()
    validation_rules: str = dspy.InputField(desc="what the rules found already")
    validation_report: str = dspy.OutputField()
    critical_issues: list[CheckItem] = dspy.OutputField()
    warnings: list[CheckItem] = dspy.OutputField()
    suggestions: list[str] = dspy.OutputField()
    overall_score: Share = dspy.OutputField()


class RefineSkill(dspy.Signature):
    """Mend the named issues and nothing else. Say which are resolved, which remain, and whether it is ready."""

    current_content: str = dspy.InputField()
    validation_issues: str = dspy.InputField()
    user_feedback: str = dspy.InputField()
    fix_strategies: str = dspy.InputField()
    iteration_number: int = dspy.InputField()
    refined_content: str = dspy.OutputField(desc="the whole document")
    issues_resolved: list[str] = dspy.OutputField()
    issues_remaining: list[str] = dspy.OutputField()
    changes_summary: str = dspy.OutputField()
    ready_for_acceptance: bool = dspy.OutputField()


class AssessQuality(dspy.Signature):
    """Judge how well the document serves its audience. Three to five of each list, each with the passage it rests on."""

    skill_content: str = dspy.InputField()
    skill_metadata: str = dspy.InputField()
    target_level: TargetLevel = dspy.InputField()
    quality_score: Share = dspy.OutputField()
    strengths: list[str] = dspy.OutputField()
    weaknesses: list[str] = dspy.OutputField()
    recommendations: list[str] = dspy.OutputField()
    audience_alignment: Share = dspy.OutputField()


class DetermineStrategy(dspy.Signature):
    """Choose how often the person is asked: minimal for a plain task, thorough for one that is broad or risky."""

    task_description: str = dspy.InputField()
    task_complexity: str = dspy.InputField()
    user_preferences: str = dspy.InputField()
    strategy: StrategyName = dspy.OutputField()
    checkpoints: list[str] = dspy.OutputField()


class AssessReadiness(dspy.Signature):
    """Say whether enough is known to go on, what is missing, and two or three questions that would settle it."""

    phase: str = dspy.InputField()
    collected_info: str = dspy.InputField()
    min_requirements: str = dspy.InputField()
    ready: bool = dspy.OutputField()
    readiness_score: Share = dspy.OutputField()
    missing_info: list[str] = dspy.OutputField()
    next_questions: list[AskedQuestion] = dspy.OutputField()


class SummarizeUnderstanding(dspy.Signature):
    """Say in a few sentences what will be made, with the assumptions that a wrong answer to would change the result."""

    task_description: str = dspy.InputField()
    user_clarifications: str = dspy.InputField()
    intent_analysis: str = dspy.InputField()
    taxonomy_path: str = dspy.InputField()
    dependencies: str = dspy.InputField()
    summary: str = dspy.OutputField()
    key_assumptions: list[str] = dspy.OutputField()
    confidence: Share = dspy.OutputField()


class GeneratePreview(dspy.Signature):
    """Show a person in brief what was written: its outline, what is good, and what may be a problem."""

    skill_content: str = dspy.InputField()
    metadata: str = dspy.InputField()
    preview: str = dspy.OutputField()
    highlights: list[str] = dspy.OutputField()
    potential_issues: list[str] = dspy.OutputField()


class AnalyzeFeedback(dspy.Signature):
    """Turn what the person said into single changes, and say whether they ask for another skill than the one planned."""

    user_feedback: str = dspy.InputField()
    current_content: str = dspy.InputField()
    change_requests: list[ChangeRequest] = dspy.OutputField()
    scope_change: bool = dspy.OutputField()
    estimated_effort: Effort = dspy.OutputField()


class FormatValidation(dspy.Signature):
    """Word a validation for a person: what must be mended, what should be, and what can be mended without them."""

    validation_report: str = dspy.InputField()
    skill_content: str = dspy.InputField()
    formatted_report: str = dspy.OutputField()
    critical_issues: list[str] = dspy.OutputField()
    warnings: list[str] = dspy.OutputField()
    auto_fixable: list[str] = dspy.OutputField()


class PlanRefinement(dspy.Signature):
    """Plan how the issues are mended, in order, in one to three rounds."""

    validation_issues: str = dspy.InputField()
    user_feedback: str = dspy.InputField()
    current_skill: str = dspy.InputField()
    refinement_plan: str = dspy.OutputField()
    changes: list[str] = dspy.OutputField()
    estimated_iterations: int = dspy.OutputField(desc="one to three")


# The predictor of an old program, by its path there, and our signature that takes its demonstrations.
OLD_PREDICTORS: dict[str, type[dspy.Signature]] = {
    "phase1.gather_requirements.gather": GatherRequirements,
    "phase1.analyze_intent.analyze": AnalyzeIntent,
    "phase1.find_taxonomy.find_path": FindTaxonomyPath,
    "phase1.analyze_dependencies.analyze": AnalyzeDependencies,
    "phase1.synthesize.synthesize": SynthesizePlan,
    "phase2.generate_content.generate": GenerateContent,
    "phase2.incorporate_feedback.incorporate": IncorporateFeedback,
    "phase3.validator.validate": ValidateSkill,
    "phase3.refiner.refine": RefineSkill,
    "phase3.quality_assessor.assess": AssessQuality,
    "hitl_strategy.determine_strategy": DetermineStrategy,
    "readiness.assess": AssessReadiness,
    "confirm_understanding.summarize": SummarizeUnderstanding,
    "preview_generator.generate_preview": GeneratePreview,
    "feedback_analyzer.analyze": AnalyzeFeedback,
    "validation_formatter.format_results": FormatValidation,
    "refinement_planner.plan_refinement": PlanRefinement,
}
# The signature that each step asks; steps that are absent ask no model (rules) or ask one of several (refinement, feedback).
STEP_SIGNATURES: dict[Step, type[dspy.Signature]] = {
    Step.STRATEGY: DetermineStrategy,
    Step.READINESS: AssessReadiness,
    Step.REQUIREMENTS: GatherRequirements,
    Step.INTENT: AnalyzeIntent,
    Step.PLACEMENT: FindTaxonomyPath,
    Step.DEPENDENCIES: AnalyzeDependencies,
    Step.SYNTHESIS: SynthesizePlan,
    Step.CONFIRM: SummarizeUnderstanding,
    Step.CONTENT: GenerateContent,
    Step.PREVIEW: GeneratePreview,
    Step.FEEDBACK: AnalyzeFeedback,
    Step.MODEL_VALIDATION: ValidateSkill,
    Step.VALIDATION_REPORT: FormatValidation,
    Step.REFINEMENT: RefineSkill,
    Step.ASSESSMENT: AssessQuality,
}
