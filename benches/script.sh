#!/bin/sh
# What a user would run instead of the action: the same requests by curl and jq, with no sleeps and no checks.
set -eu

api() {
    curl --silent --show-error --fail --header "Authorization: token $INPUT_TOKEN" \
        --header 'Content-Type: application/json' "$@"
}

if [ "$INPUT_MODE" = dispatch ]; then
    number=$(jq -r .pull_request.number "$GITHUB_EVENT_PATH")
    sha=$(jq -r .pull_request.head.sha "$GITHUB_EVENT_PATH")
    head=$(jq -r .pull_request.head.ref "$GITHUB_EVENT_PATH")
    inputs=$(jq -n --arg number "$number" --arg sha "$sha" --arg head "$head" --arg source "$GITHUB_REPOSITORY" \
        '{ref: "main", inputs: {pr_number: $number, pr_head_sha: $sha, pr_head_ref: $head, source_repo: $source}}')
    run=$(api --data "$inputs" \
        "$GITHUB_API_URL/repos/$INPUT_TARGET/actions/workflows/$INPUT_WORKFLOW/dispatches?return_run_details=true")
    page=$(printf %s "$run" | jq -r .html_url)
    status=$(jq -n --arg page "$page" --arg target "$INPUT_TARGET" \
        '{state: "pending", context: "dispatch-target/build", target_url: $page, description: "Dispatched to \($target)"}')
    api --data "$status" "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/statuses/$sha" >/dev/null
    printf 'run-id=%s\n' "$(printf %s "$run" | jq -r .workflow_run_id)" >>"$GITHUB_OUTPUT"
else
    number=$(jq -r .inputs.pr_number "$GITHUB_EVENT_PATH")
    sha=$(jq -r .inputs.pr_head_sha "$GITHUB_EVENT_PATH")
    source=$(jq -r .inputs.source_repo "$GITHUB_EVENT_PATH")
    statuses=$(api "$GITHUB_API_URL/repos/$source/commits/$sha/status?page=1&limit=50")
    context=$(printf %s "$statuses" | jq -r '.statuses[0].context')
    jobs=$(api "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/jobs?page=1&limit=50")
    page=$(printf %s "$jobs" | jq -r '.jobs[0].html_url | sub("/jobs/.*"; "")')
    status=$(jq -n --arg page "$page" --arg context "$context" \
        '{state: "success", context: $context, target_url: $page, description: "Successful"}')
    api --data "$status" "$GITHUB_API_URL/repos/$source/statuses/$sha" >/dev/null
    comment=$(jq -n --arg page "$page" '{body: "**dispatch-target build success** — [run log](\($page))"}')
    comment=$(api --data "$comment" "$GITHUB_API_URL/repos/$source/issues/$number/comments")
    printf 'comment-id=%s\n' "$(printf %s "$comment" | jq -r .id)" >>"$GITHUB_OUTPUT"
fi
