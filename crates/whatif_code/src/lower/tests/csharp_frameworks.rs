//! What frameworks of .NET call and repeat.

use super::{dump, has};

fn csharp(text: &str) -> String {
    dump(&[("src/Shop/Program.cs", text)])
}

#[test]
fn controllers_and_functions_are_found_by_their_attributes() {
    let text = csharp(
        r#"
[ApiController]
[Route("api/v1/[controller]")]
public class OrdersController(IHttpClientFactory clients) : ControllerBase
{
    [HttpGet("{id:int}")]
    public async Task<IActionResult> Get(int id) => Ok(await clients.CreateClient().GetStringAsync("http://stock/items"));
    [HttpPost, Route("[action]")]
    public async Task<IActionResult> CancelAsync() { await clients.CreateClient().PostAsync("http://stock/cancel", null); return Accepted(); }
    [HttpDelete("/all")]
    public IActionResult Clear() => NoContent();
}
public class Nightly
{
    [Function("Sweep")]
    public async Task Run([TimerTrigger("0 0 * * * *")] TimerInfo timer) { await new HttpClient().PostAsync("http://stock/sweep", null); }
    [Function("Buy")]
    public async Task Buy([HttpTrigger(AuthorizationLevel.Function, "post", Route = "buy")] HttpRequestData request) { await new HttpClient().PostAsync("http://stock/buy", null); }
}
"#,
    );
    has(&text, "HTTP GET /api/v1/Orders/{id} = Get");
    has(&text, "HTTP POST /api/v1/Orders/Cancel = CancelAsync");
    has(&text, "HTTP DELETE /all = Clear");
    has(&text, "schedule 0 0 * * * * = Run");
    has(&text, "HTTP POST /buy = Buy");
}

#[test]
fn consumers_are_found_by_the_type_of_their_message() {
    let text = csharp(
        r#"
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddMassTransit(bus => bus.UsingRabbitMq((context, rabbit) => { rabbit.Host("amqp://rabbit:5672"); }));
builder.Build().Run();
public record OrderPaid(Guid Id);
public record Order(Guid Id);
public class OrderConsumer(IPublishEndpoint bus, HttpClient http) : IConsumer<OrderPaid>, IConsumer<Order>
{
    public async Task Consume(ConsumeContext<OrderPaid> context) { await http.PostAsync("http://mail/paid", null); }
    public async Task Consume(ConsumeContext<Order> context) { await bus.Publish(new OrderPaid(context.Message.Id)); }
}
public class Audit : ICapSubscribe
{
    [CapSubscribe("order.closed")]
    public async Task Closed(Order order) { await new HttpClient().PostAsync("http://mail/closed", null); }
}
"#,
    );
    has(&text, "message OrderPaid = Consume");
    has(&text, "call http POST /paid");
    has(&text, "message Order = Consume");
    has(&text, "publish -> rabbitmq OrderPaid@amqp://rabbit:5672");
    has(&text, "message order.closed = Closed");
}

#[test]
fn pipelines_repeat_limit_and_may_be_over_too_early() {
    let text = csharp(
        r#"
var builder = WebApplication.CreateBuilder(args);
builder.Services.AddHttpClient("stock", client => client.BaseAddress = new Uri("http://stock"))
    .AddPolicyHandler(Policy.HandleResult<HttpResponseMessage>(r => false).WaitAndRetryAsync(3, n => TimeSpan.FromSeconds(Math.Pow(2, n))));
var app = builder.Build();
var pipeline = new ResiliencePipelineBuilder()
    .AddRetry(new RetryStrategyOptions { MaxRetryAttempts = 4, UseJitter = true })
    .AddTimeout(TimeSpan.FromSeconds(2))
    .Build();
app.MapGet("/a", async () => await pipeline.ExecuteAsync(async t => await new HttpClient().GetStringAsync("http://a/a")));
app.MapGet("/b", async () => await pipeline.Execute(async () => await new HttpClient().GetStringAsync("http://a/b")));
app.MapGet("/c", async (IHttpClientFactory clients) => await clients.CreateClient("stock").GetStringAsync("items"));
app.Run();
"#,
    );
    has(&text, "retry x5 pause 2000 ms jitter true\n");
    has(&text, "call http GET /a -> http @http://a/a [timeout 2000 ms");
    has(&text, "retry x5 pause 2000 ms jitter true idle");
    has(
        &text,
        "call http GET /items -> http @http://stock/items [timeout 100000 ms, retry x4 growing pause 0 ms jitter absent",
    );
}

#[test]
fn what_nobody_awaits_runs_beside_and_tokens_are_handed_on() {
    let text = csharp(
        r#"
var app = WebApplication.CreateBuilder(args).Build();
app.MapPost("/a", async () => { _ = Task.Run(async () => await new HttpClient().PostAsync("http://a/a", null)); return Results.Ok(); });
app.MapPost("/b", async (CancellationToken token) => { await new HttpClient().PostAsync("http://a/b", null, token); return Results.Ok(); });
app.MapPost("/c", async () => { await new HttpClient().PostAsync("http://a/c", null); return Results.Ok(); });
app.Run();
"#,
    );
    has(&text, "spawn\n");
    has(&text, "call http POST /b -> http @http://a/b [timeout 100000 ms, deadline true");
    has(&text, "call http POST /c -> http @http://a/c [timeout 100000 ms, deadline false");
}
