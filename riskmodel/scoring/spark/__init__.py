"""Scoring on Spark: the functions of the local engine, partition by partition."""

from riskmodel.scoring.spark.engine import score_spark

__all__ = ["score_spark"]
